# debian:bookworm-slim: the minimal system, without documentation and translations, and the certificate authorities.
build_debian() {
    tree "$work/debian.tree" ca-certificates
    layer debian
    image debian debian:bookworm-slim '{"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["bash"]}' debian
}
