# python:3.11-slim: Debian's Python 3.11 and pip as `python`, `python3` and `pip`; packages may be installed with pip directly.
build_python() {
    need_base
    tree "$work/python.tree" ca-certificates,python3,python3-pip,python-is-python3,netbase,tzdata \
        --customize-hook='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED' \
        --customize-hook='rm -rf "$1"/usr/lib/python3*/test "$1"/usr/lib/python3*/lib2to3/tests "$1"/usr/lib/python3*/pydoc_data' \
        --customize-hook="upload '$work/pip.conf' /etc/pip.conf"
    layer python debian
    image python python:3.11-slim '{
        "Env": ["PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "PYTHON_VERSION=3.11"],
        "Cmd": ["python3"]}' debian python
}
