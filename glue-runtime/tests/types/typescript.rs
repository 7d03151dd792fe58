//! Reads the TypeScript that ts-rs writes: the part of the grammar of types that it uses.

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    /// A name with its arguments.
    Name(String, Vec<Type>),
    /// A text or number that is its own type.
    Literal(serde_json::Value),
    /// The members, with whether each may be missing.
    Object(Vec<(String, bool, Type)>),
    /// `{ [key in Key]?: Value }`
    Mapped(Box<Type>, bool, Box<Type>),
    /// The elements, with whether each may be missing.
    Tuple(Vec<(Type, bool)>),
    Union(Vec<Type>),
    Intersection(Vec<Type>),
}

/// A declaration: its parameters and its type.
pub(crate) type Declaration = (Vec<String>, Type);

/// Reads a whole type.
pub(crate) fn parse(text: &str) -> Type {
    let mut reader = Reader { text };
    let ty = reader.union();
    assert_eq!(reader.text.trim(), "", "the rest of {text}");
    ty
}

/// Reads `type Name<A, B> = …;`.
pub(crate) fn parse_declaration(text: &str) -> Declaration {
    let mut reader = Reader { text };
    reader.expect("type");
    reader.word();
    let mut parameters = Vec::new();
    if reader.take("<") {
        while !reader.take(">") {
            parameters.push(reader.word());
            if reader.take("=") {
                reader.union();
            }
            reader.take(",");
        }
    }
    reader.expect("=");
    let ty = reader.union();
    reader.expect(";");
    (parameters, ty)
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        loop {
            self.text = self.text.trim_start();
            match self.text.strip_prefix("/**") {
                Some(rest) => self.text = &rest[rest.find("*/").unwrap() + 2..],
                None => return,
            }
        }
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip();
        let rest = self.text.strip_prefix(token);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    fn expect(&mut self, token: &str) {
        assert!(self.take(token), "{token} before {}", self.text);
    }

    fn word(&mut self) -> String {
        self.skip();
        let is_word = |char: char| char.is_alphanumeric() || matches!(char, '_' | '$' | '-' | '.');
        let end = self.text.find(|char| !is_word(char)).unwrap_or(self.text.len());
        assert!(end > 0, "a name before {}", self.text);
        let (word, rest) = self.text.split_at(end);
        self.text = rest;
        word.to_owned()
    }

    fn quoted(&mut self) -> String {
        let mut values = serde_json::Deserializer::from_str(self.text).into_iter::<String>();
        let text = values.next().unwrap().unwrap();
        let end = values.byte_offset();
        self.text = &self.text[end..];
        text
    }

    fn union(&mut self) -> Type {
        self.take("|");
        let mut types = vec![self.intersection()];
        while self.take("|") {
            types.push(self.intersection());
        }
        one_or(types, Type::Union)
    }

    fn intersection(&mut self) -> Type {
        let mut types = vec![self.postfix()];
        while self.take("&") {
            types.push(self.postfix());
        }
        one_or(types, Type::Intersection)
    }

    fn postfix(&mut self) -> Type {
        let mut ty = self.primary();
        while self.take("[]") {
            ty = Type::Name("Array".into(), vec![ty]);
        }
        ty
    }

    fn primary(&mut self) -> Type {
        if self.take("(") {
            let ty = self.union();
            self.expect(")");
            return ty;
        }
        if self.take("[") {
            let mut elements = Vec::new();
            while !self.take("]") {
                let ty = self.union();
                elements.push((ty, self.take("?")));
                self.take(",");
            }
            return Type::Tuple(elements);
        }
        if self.take("{") {
            return self.object();
        }
        self.skip();
        if self.text.starts_with('"') {
            return Type::Literal(self.quoted().into());
        }
        let name = self.word();
        if let Ok(number) = name.parse::<i64>() {
            return Type::Literal(number.into());
        }
        let mut arguments = Vec::new();
        if self.take("<") {
            while !self.take(">") {
                arguments.push(self.union());
                self.take(",");
            }
        }
        Type::Name(name, arguments)
    }

    fn object(&mut self) -> Type {
        if self.take("[") {
            self.word();
            self.expect("in");
            let key = self.union();
            self.expect("]");
            let optional = self.take("?");
            self.expect(":");
            let value = self.union();
            self.expect("}");
            return Type::Mapped(Box::new(key), optional, Box::new(value));
        }
        let mut members = Vec::new();
        while !self.take("}") {
            self.skip();
            let key = if self.text.starts_with('"') {
                self.quoted()
            } else {
                self.word()
            };
            let optional = self.take("?");
            self.expect(":");
            members.push((key, optional, self.union()));
            let _ = self.take(",") || self.take(";");
        }
        Type::Object(members)
    }
}

fn one_or(mut types: Vec<Type>, many: fn(Vec<Type>) -> Type) -> Type {
    if types.len() == 1 {
        types.remove(0)
    } else {
        many(types)
    }
}
