"""Containers in several networks: which one leads out, and what changes when a running container enters or leaves one."""
import subprocess
import urllib.request

import pytest

from conftest import free_port, wait_for

SERVER = ["busybox", "sh", "-c", "echo served >/tmp/page && exec httpd -f -p 80 -h /tmp"]


@pytest.fixture
def networks(cli):
    """Named so that their alphabetical order is the opposite of what leads out."""
    for name, flags in (("a-inside", ["--internal"]), ("b-outside", []), ("c-outside", [])):
        cli.ok("network", "create", *flags, name)
    return cli


def route(cli, container):
    """The link of the default route, None without one."""
    lines = [line.split() for line in cli.ok("exec", container, "ip", "route").splitlines() if line.startswith("default")]
    assert len(lines) <= 1
    return lines[0][lines[0].index("dev") + 1] if lines else None


def link(cli, container, network):
    """The container's link in a network."""
    address = cli.ok("inspect", "-f", '{{(index .NetworkSettings.Networks "%s").IPAddress}}' % network, container).strip()
    return next(line.split()[-1] for line in cli.ok("exec", container, "ip", "-4", "addr").splitlines() if f" {address}/" in line)


def served(port):
    def get():
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/page", timeout=5).read() == b"served\n"
        except OSError:
            return False
    return wait_for(get, f"an answer on port {port}")


def test_the_way_out_is_no_internal_network(networks):
    port = free_port()
    networks.ok("run", "-d", "--name", "web", "--network", "a-inside", "--network", "c-outside", "-p", f"{port}:80", *SERVER)
    assert route(networks, "web") == link(networks, "web", "c-outside")
    assert f"0.0.0.0:{port}" in networks.ok("port", "web", "80")
    assert served(port)


def test_the_way_out_may_be_chosen(networks):
    # Of equals it is the one whose name comes first, whatever the order they were given in.
    networks.ok("run", "-d", "--name", "one", "--network", "c-outside", "--network", "b-outside", "busybox", "sleep", "1000")
    assert route(networks, "one") == link(networks, "one", "b-outside")
    networks.ok("run", "-d", "--name", "two", "--network", "b-outside", "--network", "name=c-outside,gw-priority=1", "busybox", "sleep", "1000")
    assert route(networks, "two") == link(networks, "two", "c-outside")


def test_ports_follow_the_way_out(networks):
    port = free_port()
    networks.ok("run", "-d", "--name", "web", "--network", "a-inside", "-p", f"{port}:80", *SERVER)
    assert route(networks, "web") is None and networks.ok("port", "web") == ""
    networks.ok("network", "connect", "c-outside", "web")
    assert route(networks, "web") == link(networks, "web", "c-outside")
    assert served(port)
    networks.ok("network", "connect", "b-outside", "web")
    assert route(networks, "web") == link(networks, "web", "b-outside")
    for network in ("c-outside", "b-outside"):
        assert f"0.0.0.0:{port}" in networks.ok("port", "web", "80") and served(port)
        networks.ok("network", "disconnect", network, "web")
    assert route(networks, "web") is None and networks.ok("port", "web") == ""
    # Links that have gone leave their names to others.
    networks.ok("network", "connect", "c-outside", "web")
    assert served(port)


def test_names_begin_with_the_first_network_that_has_them(networks):
    networks.ok("run", "-d", "--name", "peer", "--network", "b-outside", "busybox", "sleep", "1000")
    networks.ok("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    before = networks.ok("exec", "box", "cat", "/etc/resolv.conf")
    assert "127.0.0.11" not in before
    networks.ok("network", "connect", "b-outside", "box")
    assert "nameserver 127.0.0.11\n" in networks.ok("exec", "box", "cat", "/etc/resolv.conf")
    assert "peer" in networks.ok("exec", "box", "ping", "-c", "1", "peer")
    address = networks.ok("inspect", "-f", '{{(index .NetworkSettings.Networks "b-outside").IPAddress}}', "box").strip()
    assert f"{address}\t" in networks.ok("exec", "box", "cat", "/etc/hosts")
    networks.ok("network", "disconnect", "b-outside", "box")
    assert networks.ok("exec", "box", "cat", "/etc/resolv.conf") == before
    assert f"{address}\t" not in networks.ok("exec", "box", "cat", "/etc/hosts")
    # What somebody has written there stays.
    networks.ok("exec", "box", "sh", "-c", "echo 'nameserver 192.0.2.1' >/etc/resolv.conf; echo '192.0.2.2\tmine' >>/etc/hosts")
    networks.ok("network", "connect", "b-outside", "box")
    assert networks.ok("exec", "box", "cat", "/etc/resolv.conf") == "nameserver 192.0.2.1\n"
    assert "192.0.2.2\tmine\n" in networks.ok("exec", "box", "cat", "/etc/hosts")


def test_a_link_of_ones_own_making(networks):
    shown = networks.ok(
        "run", "--rm", "--network",
        "name=b-outside,link-local-ip=169.254.7.7,driver-opt=com.docker.network.endpoint.ifname=lan0,"
        "\"driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.forwarding=0\"",
        "busybox", "sh", "-c", "ip -4 addr show lan0; cat /proc/sys/net/ipv4/conf/lan0/log_martians /proc/sys/net/ipv4/conf/lan0/forwarding")
    assert "inet 169.254.7.7/16" in shown and shown.splitlines()[-2:] == ["1", "0"]


@pytest.mark.parametrize("option, words", [
    ("link-local-ip=fe80::7", "link-local"),
    ("link-local-ip=10.1.2.3", "link-local"),
    ("driver-opt=com.docker.network.endpoint.ifname=a/b", "a/b"),
    ("driver-opt=com.docker.network.endpoint.ifname=0123456789abcdef", "0123456789abcdef"),
    ("driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.eth0.log_martians=1", "IFNAME"),
    ("driver-opt=com.docker.network.endpoint.sysctls=kernel.IFNAME.x=1", "IFNAME"),
    ("driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.../x=1", "IFNAME"),
])
def test_links_that_cannot_be(networks, option, words):
    refused = networks("run", "--rm", "--network", f"name=b-outside,{option}", "busybox", "true")
    assert refused.returncode == 125 and words in refused.stderr, refused.stderr


# MARK: Options of networks

BRIDGE = "com.docker.network.bridge."


def made(cli, *options):
    cli.ok("network", "create", *(word for option in options for word in ("-o", option)), "special")


def test_containers_that_may_not_talk(cli):
    made(cli, BRIDGE + "enable_icc=false")
    for name in ("one", "two"):
        cli.ok("run", "-d", "--name", name, "--network", "special", "busybox", "sleep", "1000")
    gateway = cli.ok("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "special").strip()
    assert cli("exec", "one", "ping", "-c", "1", "-W", "2", "two").returncode == 1
    cli.ok("exec", "one", "ping", "-c", "1", "-W", "5", gateway)


def test_links_of_a_network(cli):
    made(cli, "com.docker.network.driver.mtu=1400", "com.docker.network.container_iface_prefix=lan", BRIDGE + "host_binding_ipv4=127.0.0.1")
    cli.ok("network", "create", "other")
    cli.ok("run", "-d", "--name", "one", "--network", "special", "--network", "other", "-p", "80", "busybox", "sleep", "1000")
    assert cli.ok("exec", "one", "cat", "/sys/class/net/lan0/mtu", "/sys/class/net/eth0/mtu").split() == ["1400", "1500"]
    assert cli.ok("port", "one", "80").startswith("0.0.0.0:")
    cli.ok("network", "disconnect", "other", "one")
    assert cli.ok("port", "one", "80").startswith("127.0.0.1:")


def test_a_gateway_elsewhere(cli):
    made(cli, BRIDGE + "inhibit_ipv4=true", BRIDGE + "name=gtestx0")
    assert "inet " not in subprocess.run(["ip", "addr", "show", "gtestx0"], capture_output=True, text=True, check=True).stdout
    made_default = cli.ok("run", "--rm", "--network", "special", "busybox", "ip", "route")
    assert "default via " in made_default


@pytest.mark.parametrize("option, words", [
    (BRIDGE + "enable_icc=perhaps", "failed to parse com.docker.network.bridge.enable_icc value: perhaps"),
    (BRIDGE + "gateway_mode_ipv4=routed", "gateway mode `routed`"), (BRIDGE + "trusted_host_interfaces=lo", "trusted_host_interfaces"),
    (BRIDGE + "host_binding_ipv4=here", "invalid host binding address `here`"), ("com.docker.network.driver.mtu=9", "invalid MTU `9`"),
    ("com.docker.network.container_iface_prefix=a/b", "invalid interface prefix `a/b`"), (BRIDGE + "name=a/b", "invalid bridge name `a/b`"),
])
def test_options_that_cannot_be_met(cli, option, words):
    refused = cli("network", "create", "-o", option, "special")
    assert refused.returncode == 1 and words in refused.stderr, refused.stderr
