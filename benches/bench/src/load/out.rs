//! What waits to be written on a connection.

use std::io::{self, ErrorKind, Write};

use super::frame;

/// Bytes that wait to be written, frames that are masked as a client's must be.
#[derive(Debug, Default)]
pub struct Out {
    bytes: Vec<u8>,
    written: usize,
    /// Where what is written travels by other means than frames.
    texts: Option<Vec<Vec<u8>>>,
}

impl Out {
    /// Makes one that keeps texts as they are.
    pub(super) fn plain() -> Self {
        Self {
            texts: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Takes the texts that wait in a plain one.
    pub(super) fn take_texts(&mut self) -> Vec<Vec<u8>> {
        self.texts.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Appends a WebSocket message, a text that `write` appends to what it is given.
    pub fn text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.frame(frame::TEXT, write);
    }

    pub(super) fn frame(&mut self, opcode: u8, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(texts) = &mut self.texts {
            let mut text = Vec::new();
            write(&mut text);
            texts.push(text);
            return;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; frame::HEAD]);
        write(&mut self.bytes);
        frame::finish(&mut self.bytes, start, opcode);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes as much as there is room for.
    pub(super) fn flush(&mut self, stream: &mut impl Write) -> io::Result<()> {
        while self.written < self.bytes.len() {
            match stream.write(&self.bytes[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => self.written += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.clear();
        self.written = 0;
        // 10,000 connections that once sent much would keep it.
        if self.bytes.capacity() > MOST_KEPT {
            self.bytes = Vec::new();
        }
        Ok(())
    }
}

/// Bytes of a buffer that is used again.
const MOST_KEPT: usize = 512 * 1024;
