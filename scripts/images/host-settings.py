#!/usr/bin/env python3
"""Prints or writes what this host has configured for reaching package archives, so that it works inside images as outside.

  host-settings.py apt-sources SUITE      one-line apt sources of that Debian release (nothing when the host has none)
  host-settings.py apt-options            apt.conf lines: proxies and the like
  host-settings.py certificates FOLDER    the host's additional certificate authorities, one .crt file each
  host-settings.py pip-config             a pip.conf with the host's indexes

Values that hold a user name or password are left out, because images travel; each is named on stderr.
"""
import base64
import configparser
import glob
import hashlib
import os
import re
import subprocess
import sys

CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----\s*(.+?)\s*-----END CERTIFICATE-----", re.DOTALL)
BUNDLE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE")
STORE = "/etc/ssl/certs/ca-certificates.crt"
APT_OPTIONS = re.compile(r'^Acquire::(https?::(Proxy|Verify)|Retries|Check-Valid-Until|Check-Date|ForceIPv[46])[^ ]* "[^"]')
PIP_KEYS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "retries", "disable-pip-version-check")


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def secret(value, where):
    if re.search(r"://[^/\s]*@", value):
        print(f"left out of the image, because it holds a user name or password: {where}", file=sys.stderr)
        return True
    return False


def apt_sources(suite):
    suites = {suite, f"{suite}-updates", f"{suite}-security"}
    listing = output("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
    for line in dict.fromkeys(listing.splitlines()):
        uri, release, component = line.split()
        if release.rstrip("/") in suites and component == "main" and not secret(uri, "an apt source"):
            print(f"deb {uri} {release} {component}")


def apt_options():
    for line in output("apt-config", "dump").splitlines():
        if APT_OPTIONS.match(line) and not secret(line, line.split()[0]):
            print(line)


def pip_settings():
    """Key and value as pip itself resolves its files, then the environment, which wins."""
    found = {}
    files = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", os.path.expanduser("~/.pip/pip.conf"),
             os.path.expanduser("~/.config/pip/pip.conf"), os.environ.get("PIP_CONFIG_FILE", "")]
    for path in filter(os.path.isfile, files):
        parser = configparser.RawConfigParser()
        parser.read(path)
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update(parser.items(section))
    for name, value in os.environ.items():
        if name.startswith("PIP_"):
            found[name[4:].lower().replace("_", "-")] = value
    return found


def certificates(folder):
    bundles = glob.glob("/usr/local/share/ca-certificates/**/*.crt", recursive=True)
    bundles += [os.environ.get(name, "") for name in BUNDLE_VARIABLES] + [pip_settings().get("cert", "")]
    known = {der for path in glob.glob("/usr/share/ca-certificates/**/*.crt", recursive=True) for der in read_certificates(path)}
    for path in filter(os.path.isfile, dict.fromkeys(bundles)):
        for der in read_certificates(path):
            if der in known:
                continue
            known.add(der)
            text = base64.encodebytes(der).decode()
            with open(os.path.join(folder, f"host-{hashlib.sha256(der).hexdigest()[:16]}.crt"), "w") as file:
                file.write(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")


def read_certificates(path):
    with open(path, "rb") as file:
        return [base64.b64decode(b"".join(body.split())) for body in CERTIFICATE.findall(file.read())]


def pip_config():
    settings = pip_settings()
    print("[global]")
    if "cert" in settings:
        print(f"cert = {STORE}")
    for key in PIP_KEYS:
        if key in settings and not secret(settings[key], f"pip's {key}"):
            print(f"{key.replace('default-', '')} = {settings[key]}".replace("\n", "\n    "))


VERBS = {"apt-sources": apt_sources, "apt-options": apt_options, "certificates": certificates, "pip-config": pip_config}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
        sys.exit(__doc__)
    VERBS[sys.argv[1]](*sys.argv[2:])
