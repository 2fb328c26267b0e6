use super::address::{Address, default_of};
use super::{evaluate, sockaddr};

fn mk_address(interface: &str, ip: &str, prefix: u8) -> Address {
    Address {
        interface: interface.to_owned(),
        ip: ip.parse().unwrap(),
        prefix,
        up: true,
        default: interface == "eth0",
    }
}

fn mk_table() -> Vec<Address> {
    vec![
        mk_address("lo", "127.0.0.1", 8),
        mk_address("lo", "::1", 128),
        mk_address("eth1", "192.168.7.2", 24),
        mk_address("eth0", "10.1.2.3", 16),
        mk_address("eth0", "fe80::1", 64),
        mk_address("eth0", "8.8.4.4", 24),
    ]
}

fn said(template: &str) -> String {
    evaluate(template, &mk_table()).unwrap()
}

#[test]
fn the_private_address_is_that_of_the_default_route() {
    assert_eq!(said("GetPrivateIP"), "10.1.2.3");
    assert_eq!(said("{{ GetPrivateIP }}:8200"), "10.1.2.3:8200");
    assert_eq!(said("GetPrivateIPs"), "10.1.2.3 192.168.7.2");
    assert_eq!(evaluate("GetPrivateIP", &[]).unwrap(), "");
}

#[test]
fn an_interface_that_is_down_has_no_private_address() {
    let mut table = mk_table();
    table[3].up = false;
    assert_eq!(evaluate("GetPrivateIPs", &table).unwrap(), "192.168.7.2");
}

#[test]
fn the_public_address_is_outside_of_rfc_6890() {
    assert_eq!(said("GetPublicIP"), "8.8.4.4");
    assert_eq!(said("GetPublicIPs"), "8.8.4.4");
}

#[test]
fn an_interface_is_asked_by_its_name() {
    assert_eq!(said(r#"GetInterfaceIP "eth1""#), "192.168.7.2");
    assert_eq!(said(r#"GetInterfaceIPs "eth0""#), "10.1.2.3 8.8.4.4");
    assert_eq!(said(r#"GetInterfaceIP "eth9""#), "");
}

#[test]
fn pipelines_filter_sort_and_join() {
    let cases = [
        (
            r#"GetAllInterfaces | include "name" "^eth" | include "type" "IPv6" | attr "address""#,
            "fe80::1",
        ),
        (
            r#"GetAllInterfaces | include "flags" "loopback|up" | join "string" ",""#,
            "127.0.0.1/8,::1/128",
        ),
        (
            r#"GetAllInterfaces | include "network" "10.0.0.0/8" | attr "network""#,
            "10.1.0.0/16",
        ),
        (
            r#"GetAllInterfaces | exclude "RFC" "6890" | attr "address""#,
            "8.8.4.4",
        ),
        (
            r#"GetAllInterfaces | unique "name" | join "name" " ""#,
            "lo eth1 eth0",
        ),
        (
            r#"GetAllInterfaces | sort "-size,address" | limit 2 | offset 1 | attr "address""#,
            "fe80::1",
        ),
        (
            r#"GetDefaultInterfaces | sort "type,size" | attr "address""#,
            "10.1.2.3",
        ),
        (
            r#"{{ range GetPrivateInterfaces }}{{ attr "name" . }} {{ end }}"#,
            "eth0 eth1 ",
        ),
    ];
    for (template, wanted) in cases {
        assert_eq!(said(template), wanted, "{template}");
    }
}

#[test]
fn what_is_not_known_is_named() {
    let error = |template| evaluate(template, &mk_table()).unwrap_err();
    assert!(error("GetWanIP").contains("GetWanIP"));
    assert!(error(r#"GetAllInterfaces | include "colour" "red""#).contains("colour"));
    assert!(error(r#"GetAllInterfaces | attr "mtu""#).contains("mtu"));
    assert!(error(r#"GetAllInterfaces | sort "mtu""#).contains("mtu"));
    assert!(error(r#""x" | attr "name""#).contains("expected addresses"));
}

#[cfg(feature = "interfaces")]
#[test]
fn this_machine_has_a_loopback_address() {
    let template =
        r#"GetAllInterfaces | include "flags" "loopback" | include "type" "IPv4" | attr "address""#;
    assert_eq!(sockaddr(template).unwrap(), "127.0.0.1");
}

#[test]
fn the_default_route_is_found_among_others() {
    let routes = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n\
        eth1\t0007A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n\
        eth0\t00000000\t0101010A\t0003\t0\t0\t0\t00000000\n";
    assert_eq!(default_of(routes).as_deref(), Some("eth0"));
    assert_eq!(default_of("Iface\n"), None);
}

#[cfg(not(feature = "interfaces"))]
#[test]
fn without_access_to_interfaces_an_address_fails_with_the_cause() {
    let error = sockaddr("GetPrivateIP").unwrap_err();
    assert_eq!(
        error,
        "cannot list the network interfaces: this program is built without access to network \
         interfaces"
    );
}
