//! Where a call belongs in a distributed trace.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

/// The place of a call in a distributed trace: W3C Trace Context, the header `traceparent` of version 00.
///
/// It crosses the wire with each call whose caller has one. Turn it into your tracer's own type by its parts, or by its text.
///
/// ```
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let trace: glue::TraceContext = text.parse()?;
/// assert_eq!(trace.trace_id(), 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
/// assert!(trace.is_sampled());
/// assert_eq!(trace.to_string(), text);
/// # Ok::<(), glue::TraceContextError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// In halves, as an `u128` would make every call's circumstances half as large again.
    trace_id: [u64; 2],
    parent_id: NonZeroU64,
    flags: u8,
}

impl TraceContext {
    /// Makes one of its parts; `None` where an id is zero, which the standard forbids.
    pub const fn new(trace_id: u128, parent_id: u64, flags: u8) -> Option<Self> {
        let Some(parent_id) = NonZeroU64::new(parent_id) else {
            return None;
        };
        if trace_id == 0 {
            return None;
        }
        #[allow(clippy::cast_possible_truncation)] // the lower half
        let halves = [(trace_id >> 64) as u64, trace_id as u64];
        Some(Self {
            trace_id: halves,
            parent_id,
            flags,
        })
    }

    /// Returns the id of the whole trace.
    pub const fn trace_id(self) -> u128 {
        let [high, low] = self.trace_id;
        (high as u128) << 64 | low as u128
    }

    /// Returns the id of the caller's span.
    pub const fn parent_id(self) -> u64 {
        self.parent_id.get()
    }

    /// Returns the flags; bit 0 says that the caller records the trace.
    pub const fn flags(self) -> u8 {
        self.flags
    }

    /// Returns whether the caller records the trace.
    pub const fn is_sampled(self) -> bool {
        self.flags & 1 == 1
    }
}

impl FromStr for TraceContext {
    type Err = TraceContextError;

    /// Reads a `traceparent`. Of versions later than 00 it reads what they have in common with it, as the standard says.
    fn from_str(text: &str) -> Result<Self, TraceContextError> {
        let (known, more) = text.split_at_checked(LENGTH).ok_or(TraceContextError)?;
        let mut parts = known.split('-');
        let mut next = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            let is_hex = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            u128::from_str_radix(part, 16).ok().filter(|_| is_hex)
        };
        let fields = (|| Some((next(2)?, next(32)?, next(16)?, next(2)?)))();
        let (version, trace_id, parent_id, flags) = fields.ok_or(TraceContextError)?;
        let is_known = match version {
            0 => more.is_empty(),
            0xff => false,
            _ => more.is_empty() || more.starts_with('-'),
        };
        let (Ok(parent_id), Ok(flags), true) = (u64::try_from(parent_id), u8::try_from(flags), is_known)
        else {
            return Err(TraceContextError);
        };
        Self::new(trace_id, parent_id, flags).ok_or(TraceContextError)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id(),
            self.parent_id(),
            self.flags
        )
    }
}

/// A text is no `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a `traceparent` of W3C Trace Context")]
pub struct TraceContextError;

/// Characters of version 00.
const LENGTH: usize = 55;

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_read_is_written_again() {
        let trace: TraceContext = TEXT.parse().unwrap();

        assert_eq!(trace.parent_id(), 0x00f0_67aa_0ba9_02b7);
        assert_eq!(trace.flags(), 1);
        assert_eq!(trace.to_string(), TEXT);
    }

    #[test]
    fn later_versions_are_read_as_far_as_they_are_known() {
        let later = TEXT.replacen("00", "01", 1) + "-more";

        assert_eq!(later.parse::<TraceContext>(), TEXT.parse());
    }

    #[test]
    fn what_is_no_trace_context_is_refused() {
        let zero_trace = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let zero_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01";
        let texts = [
            String::new(),
            TEXT[..54].to_owned(),
            format!("{TEXT}-more"),
            TEXT.to_uppercase(),
            TEXT.replacen("00", "ff", 1),
            TEXT.replacen("00", "+0", 1),
            TEXT.replace('4', "é"),
            TEXT.replacen('-', "0", 1),
            zero_trace.to_owned(),
            zero_parent.to_owned(),
        ];
        for text in texts {
            assert_eq!(text.parse::<TraceContext>(), Err(TraceContextError), "{text}");
        }
    }
}
