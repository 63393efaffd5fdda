# busybox:latest: one static program, a link for each of its applets, and the few files that programs look for.
build_busybox() {
    local root=$work/busybox sources=() applet
    [ ! -s "$work/sources" ] || sources=("$work/sources")
    mmdebstrap --quiet --variant=extract --include=busybox-static --format=tar --skip=output/dev \
        $suite "$work/busybox.deb.tar" "${sources[@]}"
    mkdir -p "$root"/{bin,etc,root,tmp,var/spool/mail,var/www,usr/bin,usr/sbin,sbin,home}
    tar -xf "$work/busybox.deb.tar" -C "$root" --strip-components=2 --one-top-level="$root/bin" ./bin/busybox
    for applet in $("$root/bin/busybox" --list-full); do
        [ "${applet##*/}" = busybox ] || ln -f "$root/bin/busybox" "$root/$applet"
    done
    printf '%s\n' root:x:0:0:root:/root:/bin/sh daemon:x:1:1:daemon:/usr/sbin:/bin/false bin:x:2:2:bin:/bin:/bin/false \
        www-data:x:33:33:www-data:/var/www:/bin/false nobody:x:65534:65534:nobody:/home:/bin/false >"$root/etc/passwd"
    printf '%s\n' root:x:0: daemon:x:1: bin:x:2: tty:x:5: www-data:x:33: users:x:100: nogroup:x:65534: >"$root/etc/group"
    printf '%s\n' 'root:*:::::::' 'nobody:*:::::::' >"$root/etc/shadow"
    printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >"$root/etc/nsswitch.conf"
    chmod 600 "$root/etc/shadow"
    chmod 700 "$root/root"
    chmod 1777 "$root/tmp"
    tar -cf "$work/busybox.tree" --owner=0 --group=0 --numeric-owner --sort=name -C "$root" .
    layer busybox
    image busybox busybox:latest '{"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["sh"]}' busybox
}
