//! From which address a request comes: what proxies tell of it, as far as they are trusted.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName, header};
use ipnet::{IpNet, Ipv4Net};

use crate::error::{Error, ErrorKind};

/// The proxies in front of a server, whose word on a client's address is believed.
///
/// By default there are none, and a socket's address is that of its connection. Anybody can send a header that names any
/// address, so list your own proxies only, and choose the header that they set: others they pass on as the client wrote them.
///
/// ```
/// # fn main() -> Result<(), glue::Error> {
/// use glue::{Server, TrustedProxies};
///
/// let proxies = TrustedProxies::new(["127.0.0.1", "::1", "10.0.0.0/8"])?;
/// let server = Server::builder().trusted_proxies(proxies).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
    unix_socket: bool,
}

/// The header in which proxies tell a client's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, the default: addresses, to which each proxy appends the one that it was called from.
    #[default]
    XForwardedFor,
    /// `Forwarded` of RFC 7239, whose parameter `for` is read; the others are not believed.
    Forwarded,
    /// `X-Real-Ip`: one address.
    XRealIp,
}

impl TrustedProxies {
    /// Trusts proxies by their addresses (`127.0.0.1`, `::1`) and networks (`10.0.0.0/8`).
    ///
    /// An address in these networks is never taken for a client's as long as there is another to be found: of several proxies
    /// in a row, list all.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when a text is neither.
    pub fn new<I>(networks: I) -> Result<Self, Error>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let networks = networks.into_iter().map(|text| {
            let text = text.as_ref();
            read_network(text).ok_or_else(|| {
                Error::new(
                    ErrorKind::Config,
                    format!("`{text}` is neither an address nor a network"),
                )
            })
        });
        Ok(Self {
            networks: networks.collect::<Result<_, _>>()?,
            ..Self::default()
        })
    }

    /// Sets the header that the proxies write; default [`ForwardedHeader::XForwardedFor`]. Others are ignored.
    #[must_use]
    pub fn header(mut self, header: ForwardedHeader) -> Self {
        self.header = header;
        self
    }

    /// Sets whether connections without an address, such as those over a Unix socket, are a proxy's; default no.
    #[must_use]
    pub fn unix_socket(mut self, is_trusted: bool) -> Self {
        self.unix_socket = is_trusted;
        self
    }

    /// Returns the client's address, if there is one to believe. `peer` is that of the connection.
    ///
    /// The header is read from its end, as what a client wrote into it stands in front of what the proxies added.
    pub(in crate::server) fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let mut client = peer.map(|peer| peer.to_canonical());
        if !client.map_or(self.unix_socket, |peer| self.trusts(peer)) {
            return client;
        }
        let values = headers.get_all(self.header.name()).iter().rev();
        // Bytes, as a client's part that is no text must not hide what a proxy added.
        let elements = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        for element in elements.take(self.header.max_elements()) {
            let Some(address) = self.header.read(element) else {
                break;
            };
            client = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

impl ForwardedHeader {
    fn name(self) -> HeaderName {
        match self {
            Self::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            Self::Forwarded => header::FORWARDED,
            Self::XRealIp => HeaderName::from_static("x-real-ip"),
        }
    }

    const fn max_elements(self) -> usize {
        match self {
            Self::XForwardedFor | Self::Forwarded => MAX_ELEMENTS,
            Self::XRealIp => 1,
        }
    }

    /// Reads what one proxy has added.
    fn read(self, element: &[u8]) -> Option<IpAddr> {
        let element = std::str::from_utf8(element).ok()?.trim_matches(SPACE);
        match self {
            Self::XForwardedFor | Self::XRealIp => read_address(element),
            Self::Forwarded => read_address(for_parameter(element)?),
        }
    }
}

/// Returns what sockets of one subscriber have in common: an IPv4 address, or the first 64 bits of an IPv6 address, whose
/// other half everybody may choose as he likes.
pub(in crate::server) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address @ IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// Reads `address` or `address/bits`. IPv4 in the form of IPv6 becomes IPv4, as addresses do before they are compared.
fn read_network(text: &str) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical().into());
    }
    let network: IpNet = text.parse().ok()?;
    let mapped = network.prefix_len().checked_sub(MAPPED_PREFIX);
    match (network.addr().to_canonical(), mapped) {
        (IpAddr::V4(address), Some(bits)) if network.addr().is_ipv6() => {
            Ipv4Net::new(address, bits).ok().map(IpNet::from)
        }
        _ => Some(network),
    }
}

/// Reads an address that may have a port, as some proxies add it, or the brackets of a URL.
fn read_address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .map(|text| text.parse::<Ipv6Addr>().map(IpAddr::from));
    let address = match bare {
        Some(address) => address.ok()?,
        None => text
            .parse::<IpAddr>()
            .or_else(|_| text.parse().map(|address: SocketAddr| address.ip()))
            .ok()?,
    };
    Some(address.to_canonical())
}

/// Returns the parameter `for` of an element of `Forwarded`, without its quotes. Escapes in quotes are not read: addresses have
/// none.
///
/// Elements are cut at all commas, also at those in quotes, such as of a host name that a client has made up. What is left of
/// such an element has an odd number of quotes, or one that is escaped; so quotes that don't fit make it unreadable.
fn for_parameter(element: &str) -> Option<&str> {
    let mut found = None;
    let mut rest = element;
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=')?;
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if [name, value].iter().any(|part| part.contains(['"', '\\'])) {
            return None;
        }
        if name.trim_matches(SPACE).eq_ignore_ascii_case("for")
            && found.replace(value.trim_matches(SPACE)).is_some()
        {
            return None;
        }
        rest = match behind.trim_matches(SPACE) {
            "" => "",
            more => more.strip_prefix(';')?,
        };
    }
    found
}

/// Entries of the header that are read. No request passes so many proxies; without a bound each request of a client behind a
/// trusted network could have a whole head of addresses read.
const MAX_ELEMENTS: usize = 32;

/// What stands around elements of a list.
const SPACE: [char; 2] = [' ', '\t'];

/// Bits of `::ffff:0:0/96`, the IPv4 addresses in the form of IPv6.
const MAPPED_PREFIX: u8 = 96;

#[cfg(test)]
mod tests;
