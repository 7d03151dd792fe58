//! A well-behaved socket that shows that nothing else on its server disturbs it.

use std::net::SocketAddr;

use crate::raw_ws::RawPeer;

/// A socket that was there before the trouble began.
#[derive(Debug)]
pub struct Bystander {
    peer: RawPeer,
}

impl Bystander {
    /// Opens a session on a server that echoes its main channel.
    pub async fn open(address: SocketAddr) -> Self {
        let (peer, _) = RawPeer::open(address).await;
        Self { peer }
    }

    /// Shows that the socket works, has received nothing in between, and that new ones are accepted.
    ///
    /// # Panics
    /// When that is not so.
    pub async fn assert_undisturbed(mut self, address: SocketAddr) {
        self.peer.assert_echo("undisturbed").await;
        let (mut newcomer, _) = RawPeer::open(address).await;
        newcomer.assert_echo("newcomer").await;
    }
}
