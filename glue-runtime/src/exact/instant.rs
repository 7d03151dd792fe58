//! Points in time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserializer, Serializer};

use super::rfc3339::Instant;
use super::value::Text;
use super::{Read, Write};

impl Write for SystemTime {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(from_system(*self), serializer)
    }
}

impl<'de> Read<'de> for SystemTime {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Instant { seconds, nanos, .. } = read(deserializer)?;
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let time = if seconds < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        time.and_then(|time| time.checked_add(Duration::from_nanos(nanos.into())))
            .ok_or_else(|| D::Error::custom("an instant that this system's clock can't hold"))
    }
}

/// `None` if it is too far away to be counted.
fn from_system(time: SystemTime) -> Option<Instant> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => Some(Instant::utc(
            i64::try_from(since.as_secs()).ok()?,
            since.subsec_nanos(),
        )),
        Err(error) => {
            let before = error.duration();
            let seconds = i64::try_from(before.as_secs()).ok()?.checked_neg()?;
            Some(match before.subsec_nanos() {
                0 => Instant::utc(seconds, 0),
                nanos => Instant::utc(seconds.checked_sub(1)?, 1_000_000_000 - nanos),
            })
        }
    }
}

#[cfg(feature = "chrono")]
mod of_chrono {
    use chrono::{DateTime, FixedOffset, Offset as _, TimeZone, Timelike as _};

    use super::*;

    impl<Z: TimeZone> Write for DateTime<Z> {
        fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            // chrono counts a leap second as the nanoseconds beyond 10^9 of the second before; a `Date` has none.
            if self.nanosecond() >= 1_000_000_000 {
                return Err(S::Error::custom("a JavaScript `Date` has no leap seconds"));
            }
            let instant = Instant {
                seconds: self.timestamp(),
                nanos: self.timestamp_subsec_nanos(),
                // Historical offsets have seconds, which RFC 3339 lacks; the instant stays what it is.
                offset: i16::try_from(self.offset().fix().local_minus_utc() / 60).unwrap_or_default(),
            };
            write(Some(instant), serializer)
        }
    }

    impl<'de, Z: TimeZone> Read<'de> for DateTime<Z>
    where
        Self: From<DateTime<FixedOffset>>,
    {
        fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let Instant {
                seconds,
                nanos,
                offset,
            } = read(deserializer)?;
            let offset = FixedOffset::east_opt(i32::from(offset) * 60);
            let time = DateTime::from_timestamp(seconds, nanos);
            match (time, offset) {
                (Some(time), Some(offset)) => Ok(time.with_timezone(&offset).into()),
                _ => Err(D::Error::custom("an instant that chrono can't hold")),
            }
        }
    }
}

#[cfg(feature = "jiff")]
mod of_jiff {
    use jiff::Timestamp;

    use super::*;

    impl Write for Timestamp {
        fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let nanos = self.as_nanosecond();
            write(from_nanos(nanos, 0), serializer)
        }
    }

    impl<'de> Read<'de> for Timestamp {
        fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let instant = read(deserializer)?;
            Self::from_nanosecond(nanos_of(instant)).map_err(D::Error::custom)
        }
    }
}

#[cfg(feature = "time")]
mod of_time {
    use time::{OffsetDateTime, UtcOffset};

    use super::*;

    impl Write for OffsetDateTime {
        fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            // Its offsets may have seconds, which RFC 3339 lacks; the instant stays what it is.
            write(
                from_nanos(self.unix_timestamp_nanos(), self.offset().whole_minutes()),
                serializer,
            )
        }
    }

    impl<'de> Read<'de> for OffsetDateTime {
        fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let instant = read(deserializer)?;
            let time = Self::from_unix_timestamp_nanos(nanos_of(instant)).map_err(D::Error::custom)?;
            let offset = UtcOffset::from_whole_seconds(i32::from(instant.offset) * 60);
            time.checked_to_offset(offset.map_err(D::Error::custom)?)
                .ok_or_else(|| D::Error::custom("an instant that `time` can't hold"))
        }
    }
}

fn write<S: Serializer>(instant: Option<Instant>, serializer: S) -> Result<S::Ok, S::Error> {
    match instant.and_then(Instant::to_text) {
        Some(text) => serializer.serialize_str(&text),
        None => Err(S::Error::custom("RFC 3339 has the years 0000 to 9999 only")),
    }
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
    deserializer.deserialize_str(Text {
        expected: "an instant as RFC 3339, such as \"1970-01-01T00:00:00Z\"",
        read: Instant::from_text,
    })
}

/// An instant from nanoseconds since 1970.
#[cfg(any(feature = "jiff", feature = "time"))]
fn from_nanos(nanos: i128, offset: i16) -> Option<Instant> {
    Some(Instant {
        seconds: i64::try_from(nanos.div_euclid(1_000_000_000)).ok()?,
        nanos: u32::try_from(nanos.rem_euclid(1_000_000_000)).ok()?,
        offset,
    })
}

/// Nanoseconds since 1970.
#[cfg(any(feature = "jiff", feature = "time"))]
fn nanos_of(instant: Instant) -> i128 {
    i128::from(instant.seconds) * 1_000_000_000 + i128::from(instant.nanos)
}
