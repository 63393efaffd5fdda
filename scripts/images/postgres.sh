# postgres:15: Debian's server and client behind an entry point that makes the database cluster on first start.
build_postgres() {
    need_base
    tree "$work/postgres.tree" ca-certificates,postgresql-15,postgresql-client-15,locales \
        --essential-hook='mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"' \
        --essential-hook='mkdir -p "$1/etc/dpkg/dpkg.cfg.d" && echo force-confold >"$1/etc/dpkg/dpkg.cfg.d/keep"' \
        --customize-hook='rm "$1/etc/dpkg/dpkg.cfg.d/keep"' \
        --customize-hook='chroot "$1" localedef -i /usr/share/i18n/locales/en_US -c -f UTF-8 en_US.UTF-8' \
        --customize-hook="upload '$here/postgres.entrypoint' /usr/local/bin/docker-entrypoint.sh" \
        --customize-hook='chmod 755 "$1/usr/local/bin/docker-entrypoint.sh" && mkdir "$1/docker-entrypoint-initdb.d"' \
        --customize-hook='chroot "$1" install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data' \
        --customize-hook='chroot "$1" install -d -o postgres -g postgres -m 3777 /var/run/postgresql'
    layer postgres debian
    image postgres postgres:15 '{
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin", "LANG=en_US.utf8",
                "PG_MAJOR=15", "PGDATA=/var/lib/postgresql/data"],
        "Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["postgres"], "ExposedPorts": {"5432/tcp": {}},
        "Volumes": {"/var/lib/postgresql/data": {}}, "StopSignal": "SIGINT"}' debian postgres
}
