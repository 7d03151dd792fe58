//! Bytes as base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserializer, Serializer};

use super::value::Text;
use super::{Read, Write};

impl Write for Vec<u8> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self, serializer)
    }
}

impl<'de> Read<'de> for Vec<u8> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)
    }
}

impl<const N: usize> Write for [u8; N] {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self, serializer)
    }
}

impl<'de, const N: usize> Read<'de> for [u8; N] {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = read(deserializer)?;
        Self::try_from(bytes.as_slice()).map_err(|_| {
            let found = bytes.len();
            serde::de::Error::custom(format_args!("{found} bytes, expected {N}"))
        })
    }
}

#[cfg(feature = "bytes")]
impl Write for bytes::Bytes {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self, serializer)
    }
}

#[cfg(feature = "bytes")]
impl<'de> Read<'de> for bytes::Bytes {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer).map(Self::from)
    }
}

fn write<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    deserializer.deserialize_str(Text {
        expected: "bytes as a string of base64 with padding",
        read: |text: &str| STANDARD.decode(text).ok(),
    })
}
