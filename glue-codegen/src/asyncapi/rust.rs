//! Rust types, as schemas spell them: enough to tell what TypeScript's `number` and `string` hold.

/// A type without the paths of its names; wrappers that serde doesn't write are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rust {
    /// With its type arguments, without lifetimes.
    Name(String, Vec<Self>),
    Tuple(Vec<Self>),
    /// An array; the length is none where it is no literal.
    Array(Box<Self>, Option<u64>),
}

impl Rust {
    /// Reads a type; none if it is of a kind that says nothing here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser(text.trim());
        let ty = parser.ty()?;
        parser.0.trim().is_empty().then_some(ty)
    }

    /// The type in an `Option`, or in several.
    pub(super) fn without_option(&self) -> &Self {
        match self {
            Self::Name(name, args) if name == "Option" && args.len() == 1 => args[0].without_option(),
            ty => ty,
        }
    }

    /// The type of the items of a collection.
    pub(super) fn item(&self) -> Option<&Self> {
        match self {
            Self::Array(item, _) => Some(item),
            Self::Name(_, args) => args.first(),
            Self::Tuple(_) => None,
        }
    }

    /// The types of the parts of a tuple that has `count`.
    pub(super) fn part(&self, at: usize) -> Option<&Self> {
        match self {
            Self::Tuple(parts) => parts.get(at),
            Self::Array(item, _) => Some(item),
            Self::Name(..) => None,
        }
    }

    pub(super) fn arg(&self, at: usize) -> Option<&Self> {
        match self {
            Self::Name(_, args) => args.get(at),
            _ => None,
        }
    }

    /// The name, unless it is a tuple or an array.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name, _) => Some(name),
            _ => None,
        }
    }

    /// The most digits of an integer that travels exactly.
    pub(super) fn digits(&self) -> Option<u32> {
        Some(match self.name()? {
            "u64" | "usize" => 20,
            "i64" | "isize" => 19,
            "u128" | "i128" => 39,
            _ => return None,
        })
    }

    /// The least and the greatest value of an integer; JSON numbers are exact to 2^53-1.
    pub(super) fn range(&self) -> Option<(i64, i64)> {
        const EXACT: i64 = (1 << 53) - 1;
        let name = self.name()?;
        if let Some(inner) = name.strip_prefix("NonZero") {
            let (least, greatest) = match inner {
                "" => self.arg(0)?.range()?,
                inner => Self::Name(inner.to_lowercase(), Vec::new()).range()?,
            };
            return Some((if least == 0 { 1 } else { least }, greatest));
        }
        Some(match name {
            "u8" => (0, u8::MAX.into()),
            "u16" => (0, u16::MAX.into()),
            "u32" => (0, u32::MAX.into()),
            "u64" | "u128" | "usize" => (0, EXACT),
            "i8" => (i8::MIN.into(), i8::MAX.into()),
            "i16" => (i16::MIN.into(), i16::MAX.into()),
            "i32" => (i32::MIN.into(), i32::MAX.into()),
            "i64" | "i128" | "isize" => (-EXACT, EXACT),
            _ => return None,
        })
    }
}

/// Names whose only argument is what serde writes.
const TRANSPARENT: &[&str] = &[
    "Box",
    "Arc",
    "Rc",
    "Cow",
    "Exact",
    "Cell",
    "RefCell",
    "Mutex",
    "RwLock",
    "Wrapping",
    "Saturating",
    "Reverse",
];

struct Parser<'a>(&'a str);

impl Parser<'_> {
    fn ty(&mut self) -> Option<Rust> {
        if self.take("&") {
            if self.take("'") {
                self.word()?;
            }
            let _ = self.take("mut ");
            return self.ty();
        }
        if self.take("(") {
            let mut parts = Vec::new();
            while !self.take(")") {
                parts.push(self.ty()?);
                if !self.take(",") {
                    self.expect(")")?;
                    break;
                }
            }
            return Some(Rust::Tuple(parts));
        }
        if self.take("[") {
            let item = Box::new(self.ty()?);
            let mut len = None;
            if self.take(";") {
                let end = self.0.find(']')?;
                len = self.0[..end].trim().parse().ok();
                self.0 = &self.0[end..];
            }
            self.expect("]")?;
            return Some(Rust::Array(item, len));
        }
        let mut name = self.word()?;
        while self.take("::") {
            name = self.word()?;
        }
        let mut args = Vec::new();
        if self.take("<") {
            while !self.take(">") {
                if self.take("'") {
                    self.word()?;
                } else {
                    args.push(self.ty()?);
                }
                if !self.take(",") {
                    self.expect(">")?;
                    break;
                }
            }
        }
        if TRANSPARENT.contains(&name.as_str()) && args.len() == 1 {
            return args.pop();
        }
        Some(Rust::Name(name, args))
    }

    fn word(&mut self) -> Option<String> {
        let text = self.0.trim_start();
        let text = text.strip_prefix("r#").unwrap_or(text);
        let end = text
            .find(|char: char| !char.is_alphanumeric() && char != '_')
            .unwrap_or(text.len());
        self.0 = &text[end..];
        let word = &text[..end];
        (!word.is_empty() && !matches!(word, "dyn" | "impl" | "fn")).then(|| word.to_owned())
    }

    fn take(&mut self, mark: &str) -> bool {
        match self.0.trim_start().strip_prefix(mark) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, mark: &str) -> Option<()> {
        self.take(mark).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Rust {
        Rust::Name(name.to_owned(), vec![])
    }

    #[test]
    fn types_are_read() {
        let cases = [
            ("u8", name("u8")),
            ("std :: string::String", name("String")),
            ("Option<Box<u8>>", Rust::Name("Option".into(), vec![name("u8")])),
            ("Cow<'static, str>", name("str")),
            ("&'static str", name("str")),
            (
                "(u8, [r#i8; 4],)",
                Rust::Tuple(vec![name("u8"), Rust::Array(Box::new(name("i8")), Some(4))]),
            ),
            ("[u8; N]", Rust::Array(Box::new(name("u8")), None)),
            ("()", Rust::Tuple(vec![])),
        ];
        for (text, ty) in cases {
            assert_eq!(Rust::parse(text), Some(ty), "{text}");
        }
        for text in [
            "",
            "dyn Any",
            "Vec<",
            "(u8",
            "u8 u8",
            "fn(u8)",
            "[u8",
            "<T as X>::Y",
        ] {
            assert_eq!(Rust::parse(text), None, "{text}");
        }
    }

    #[test]
    fn integers_have_a_range() {
        let range = |text| Rust::parse(text).unwrap().range();

        assert_eq!(range("i8"), Some((-128, 127)));
        assert_eq!(range("u64"), Some((0, 9_007_199_254_740_991)));
        assert_eq!(range("NonZeroU16"), Some((1, 65535)));
        assert_eq!(range("NonZero<i8>"), Some((-128, 127)));
        assert_eq!(range("f64"), None);
    }
}
