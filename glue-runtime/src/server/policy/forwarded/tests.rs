use http::HeaderValue;
use proptest::prelude::*;

use super::*;

const PROXY: &str = "10.0.0.1";
const CLIENT: &str = "203.0.113.7";

fn proxies(header: ForwardedHeader) -> TrustedProxies {
    TrustedProxies::new(["10.0.0.0/8", "2001:db8:aaaa::/48"])
        .unwrap()
        .header(header)
}

fn client(proxies: &TrustedProxies, peer: &str, headers: &[(&'static str, &[u8])]) -> String {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_bytes(value).unwrap());
    }
    let peer = (!peer.is_empty()).then(|| peer.parse().unwrap());
    let found = proxies.client(peer, &map);
    found.map_or_else(String::new, |address| address.to_string())
}

/// [H-10]
#[test]
fn x_forwarded_for_is_read_from_its_end_to_the_first_stranger() {
    let cases: &[(&str, &str)] = &[
        (CLIENT, CLIENT),
        ("198.51.100.1, 203.0.113.7", CLIENT),
        ("198.51.100.1,203.0.113.7 ,\t10.0.0.9", CLIENT),
        ("10.0.0.2, 10.0.0.3", "10.0.0.2"),
        ("203.0.113.7, 2001:db8:aaaa::1", CLIENT),
        ("203.0.113.7:4711", CLIENT),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:203.0.113.7", CLIENT),
        ("203.0.113.7, ::ffff:10.0.0.2", CLIENT),
        // What can't be read ends the walk; what was read before it counts.
        ("<script>alert(1)</script>", PROXY),
        ("203.0.113.7, <script>", PROXY),
        ("<script>, 203.0.113.7", CLIENT),
        ("203.0.113.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("", PROXY),
        ("203.0.113.7,", PROXY),
        (" , ", PROXY),
        ("203.0.113.7:99999", PROXY),
        ("203.0.113.7:", PROXY),
        ("[203.0.113.7]", PROXY),
        ("[2001:db8::7", PROXY),
        ("2001:db8::7%eth0", PROXY),
        ("203.0.113.07", PROXY),
        ("203.0.113", PROXY),
        ("3405803783", PROXY),
        ("0x7f.1", PROXY),
        ("for=203.0.113.7", PROXY),
    ];
    let proxies = proxies(ForwardedHeader::XForwardedFor);
    for (value, expected) in cases {
        let found = client(&proxies, PROXY, &[("x-forwarded-for", value.as_bytes())]);
        assert_eq!(found, *expected, "{value:?}");
    }
}

/// [H-10]
#[test]
fn headers_that_come_several_times_are_one_list() {
    let proxies = proxies(ForwardedHeader::XForwardedFor);

    let three: [(&str, &[u8]); 3] = [
        ("x-forwarded-for", b"198.51.100.1"),
        ("x-forwarded-for", b"203.0.113.7, 10.0.0.2"),
        ("x-forwarded-for", b"10.0.0.3"),
    ];

    assert_eq!(client(&proxies, PROXY, &three), CLIENT);
}

/// [H-10]
#[test]
fn forwarded_is_read_by_its_parameter_for() {
    let cases: &[(&str, &str)] = &[
        ("for=203.0.113.7", CLIENT),
        ("For=\"203.0.113.7:4711\";proto=https", CLIENT),
        ("proto=http; by=10.0.0.1 ;for = 203.0.113.7;", CLIENT),
        ("for=\"[2001:db8::7]:443\"", "2001:db8::7"),
        ("for=\"[2001:db8::7]\";host=\"a;for=198.51.100.1\"", "2001:db8::7"),
        ("for=198.51.100.1, for=203.0.113.7, for=10.0.0.2", CLIENT),
        ("for=203.0.113.7, for=unknown", PROXY),
        ("for=203.0.113.7, for=_hidden, for=10.0.0.2", "10.0.0.2"),
        ("for=203.0.113.7, proto=https", PROXY),
        ("for=198.51.100.1;for=203.0.113.7", PROXY),
        ("for=\"203.0.113.7", PROXY),
        ("for=203.0.113.7\"", PROXY),
        ("for=\"203.0.113.7\"x", PROXY),
        ("for=\"\\203.0.113.7\"", PROXY),
        ("for=\"", PROXY),
        ("for=", PROXY),
        ("for", PROXY),
        (CLIENT, PROXY),
        // An unfinished quote of the client must not swallow what the proxy has added.
        ("for=\"x, for=203.0.113.7", CLIENT),
        // Nor may a host that the client has made up look like an element of its own.
        ("for=203.0.113.7;host=\",for=198.51.100.1\"", PROXY),
        ("for=203.0.113.7;host=\",for=198.51.100.1;x=\"", PROXY),
        ("for=203.0.113.7;host=\",for=198.51.100.1;x=\\\"\"", PROXY),
    ];
    let proxies = proxies(ForwardedHeader::Forwarded);
    for (value, expected) in cases {
        let found = client(&proxies, PROXY, &[("forwarded", value.as_bytes())]);
        assert_eq!(found, *expected, "{value:?}");
    }
}

/// [H-10]
#[test]
fn x_real_ip_is_one_address() {
    let proxies = proxies(ForwardedHeader::XRealIp);
    let cases: &[(&[&str], &str)] = &[
        (&[CLIENT], CLIENT),
        (&["198.51.100.1", CLIENT], CLIENT),
        (&[CLIENT, "10.0.0.2"], "10.0.0.2"),
        (&["<script>"], PROXY),
    ];
    for (values, expected) in cases {
        let headers: Vec<_> = values
            .iter()
            .map(|value| ("x-real-ip", value.as_bytes()))
            .collect();
        assert_eq!(client(&proxies, PROXY, &headers), *expected, "{values:?}");
    }
}

/// [H-10]
#[test]
fn only_the_chosen_header_of_a_trusted_peer_is_believed() {
    let all: [(&str, &[u8]); 3] = [
        ("x-forwarded-for", b"203.0.113.1"),
        ("forwarded", b"for=203.0.113.2"),
        ("x-real-ip", b"203.0.113.3"),
    ];
    let x_forwarded_for = proxies(ForwardedHeader::XForwardedFor);
    let cases = [
        (&TrustedProxies::default(), PROXY, PROXY),
        (&x_forwarded_for, PROXY, "203.0.113.1"),
        (&x_forwarded_for, "::ffff:10.0.0.1", "203.0.113.1"),
        (&x_forwarded_for, "2001:db8:aaaa::1", "203.0.113.1"),
        (&x_forwarded_for, "198.51.100.1", "198.51.100.1"),
        (&x_forwarded_for, "::ffff:198.51.100.1", "198.51.100.1"),
        (&x_forwarded_for, "2001:db8:bbbb::1", "2001:db8:bbbb::1"),
        (&x_forwarded_for, "", ""),
        (&x_forwarded_for.clone().unix_socket(true), "", "203.0.113.1"),
        (&proxies(ForwardedHeader::Forwarded), PROXY, "203.0.113.2"),
        (&proxies(ForwardedHeader::XRealIp), PROXY, "203.0.113.3"),
    ];
    for (proxies, peer, expected) in cases {
        assert_eq!(client(proxies, peer, &all), expected, "{proxies:?} {peer}");
    }
    assert_eq!(client(&x_forwarded_for, PROXY, &[]), PROXY);
    assert_eq!(client(&TrustedProxies::default().unix_socket(true), "", &[]), "");
}

/// [H-10]
#[test]
fn the_walk_is_bounded() {
    let proxies = proxies(ForwardedHeader::XForwardedFor);
    let elements: Vec<String> = (0..1000)
        .map(|number| format!("10.1.{}.{}", number / 250, number % 250))
        .collect();

    let found = client(
        &proxies,
        PROXY,
        &[("x-forwarded-for", elements.join(",").as_bytes())],
    );

    assert_eq!(found, elements[1000 - MAX_ELEMENTS]);
}

/// [H-10]
#[test]
fn long_and_unreadable_headers_tell_nothing() {
    let proxies = proxies(ForwardedHeader::XForwardedFor);
    let long = vec![b'1'; 10_000];
    let mut behind = vec![0xff; 5_000];
    behind.extend_from_slice(b", 203.0.113.7");

    assert_eq!(client(&proxies, PROXY, &[("x-forwarded-for", &long)]), PROXY);
    assert_eq!(client(&proxies, PROXY, &[("x-forwarded-for", b"\xff")]), PROXY);
    assert_eq!(client(&proxies, PROXY, &[("x-forwarded-for", &behind)]), CLIENT);
}

#[test]
fn networks_are_addresses_or_address_and_bits() {
    let cases = [
        ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
        ("10.1.2.3/8", "10.255.0.1", "11.0.0.1"),
        ("::1", "::1", "::2"),
        ("fd00::/8", "fd12::1", "fe00::1"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("::ffff:10.0.0.0/104", "10.1.1.1", "11.0.0.1"),
        ("0.0.0.0/0", "203.0.113.7", "::1"),
        ("::/0", "::1", "203.0.113.7"),
    ];
    for (network, inside, outside) in cases {
        let proxies = TrustedProxies::new([network]).unwrap();
        assert!(proxies.trusts(inside.parse().unwrap()), "{network} {inside}");
        assert!(!proxies.trusts(outside.parse().unwrap()), "{network} {outside}");
    }
    for nonsense in [
        "",
        "localhost",
        "10.0.0.0/33",
        "10.0.0/8",
        "::1/129",
        "10.0.0.1:80",
        " ::1",
        "*",
    ] {
        let error = TrustedProxies::new(["::1", nonsense]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{nonsense:?}");
    }
}

#[test]
fn subscribers_are_counted_by_their_network() {
    let cases = [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::1", "::"),
    ];
    for (address, expected) in cases {
        let found = network_of(address.parse().unwrap());
        assert_eq!(found.to_string(), expected, "{address}");
    }
}

proptest! {
    /// [H-10]
    #[test]
    fn what_a_client_writes_in_front_changes_nothing(junk in "[ -~]{0,60}") {
        let x_forwarded_for = proxies(ForwardedHeader::XForwardedFor);
        let value = format!("{junk}, {CLIENT}");
        prop_assert_eq!(client(&x_forwarded_for, PROXY, &[("x-forwarded-for", value.as_bytes())]), CLIENT);

        let forwarded = proxies(ForwardedHeader::Forwarded);
        let value = format!("{junk}, for={CLIENT};proto=https");
        prop_assert_eq!(client(&forwarded, PROXY, &[("forwarded", value.as_bytes())]), CLIENT);
    }

    /// [H-10] A proxy may quote a client's `Host`; no such text may pass for an address that the proxy has added.
    #[test]
    fn what_a_client_has_quoted_is_never_believed(parts in prop::collection::vec(HOSTILE, 0..12)) {
        let escaped = parts.concat().replace('\\', "\\\\").replace('"', "\\\"");
        let forwarded = proxies(ForwardedHeader::Forwarded);
        for end in ["", ";proto=https", ";proto=\"https\""] {
            let value = format!("for={CLIENT};host=\"{escaped}\"{end}");
            let found = client(&forwarded, PROXY, &[("forwarded", value.as_bytes())]);
            prop_assert!([CLIENT, PROXY].contains(&found.as_str()), "{} reads as {}", value, found);
        }
    }
}

/// Pieces of a text that would like to be an element of its own.
const HOSTILE: &str = r#"(,for=198\.51\.100\.1|;x=|,|;|=|"|\\| |x)"#;
