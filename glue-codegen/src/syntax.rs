//! The TypeScript that ts-rs writes, read back: enough of the grammar of types to lay them out and to see what they name.

/// A type, as a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    /// Text outside the grammar below, as `#[ts(type = "…")]` may hold; printed as it is.
    Verbatim(String),
    /// A name with type arguments, or a literal.
    Name {
        name: String,
        args: Vec<Self>,
    },
    Object(Vec<Member>),
    /// `{ [key in Key]?: value }`.
    Mapped {
        key: Box<Self>,
        optional: bool,
        value: Box<Self>,
    },
    Tuple(Vec<Self>),
    Array(Box<Self>),
    Union(Vec<Self>),
    Intersection(Vec<Self>),
}

/// A member of an object type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) docs: Vec<String>,
    pub(crate) readonly: bool,
    /// The key as its text without quotes.
    pub(crate) key: String,
    pub(crate) optional: bool,
    pub(crate) ty: Type,
}

impl Type {
    /// Reads a type; what isn't understood is kept as it is.
    pub(crate) fn parse(text: &str) -> Self {
        Parser::new(text)
            .and_then(|mut parser| {
                let ty = parser.ty()?;
                parser.tokens.is_empty().then_some(ty)
            })
            .unwrap_or_else(|| Self::Verbatim(text.trim().to_owned()))
    }

    /// A name without arguments.
    pub(crate) fn name(name: &str) -> Self {
        Self::Name {
            name: name.to_owned(),
            args: Vec::new(),
        }
    }

    /// Calls `visit` with every name in the type.
    pub(crate) fn visit_names(&self, visit: &mut impl FnMut(&str)) {
        match self {
            Self::Verbatim(text) => words(text).for_each(visit),
            Self::Name { name, args } => {
                visit(name);
                args.iter().for_each(|arg| arg.visit_names(visit));
            }
            Self::Object(members) => members.iter().for_each(|member| member.ty.visit_names(visit)),
            Self::Mapped { key, value, .. } => {
                key.visit_names(visit);
                value.visit_names(visit);
            }
            Self::Array(item) => item.visit_names(visit),
            Self::Tuple(types) | Self::Union(types) | Self::Intersection(types) => {
                types.iter().for_each(|ty| ty.visit_names(visit));
            }
        }
    }

    /// Drops the doc comments of all members.
    pub(crate) fn forget_docs(&mut self) {
        match self {
            Self::Verbatim(_) => {}
            Self::Object(members) => {
                for member in members {
                    member.docs.clear();
                    member.ty.forget_docs();
                }
            }
            Self::Mapped { key, value, .. } => {
                key.forget_docs();
                value.forget_docs();
            }
            Self::Array(item) => item.forget_docs(),
            Self::Name { args: types, .. }
            | Self::Tuple(types)
            | Self::Union(types)
            | Self::Intersection(types) => types.iter_mut().for_each(Self::forget_docs),
        }
    }

    /// Calls `visit` with the type and with every type in it.
    pub(crate) fn visit(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        match self {
            Self::Verbatim(_) => {}
            Self::Object(members) => members.iter().for_each(|member| member.ty.visit(visit)),
            Self::Mapped { key, value, .. } => {
                key.visit(visit);
                value.visit(visit);
            }
            Self::Array(item) => item.visit(visit),
            Self::Name { args: types, .. }
            | Self::Tuple(types)
            | Self::Union(types)
            | Self::Intersection(types) => types.iter().for_each(|ty| ty.visit(visit)),
        }
    }

    /// Calls `visit` with the members of every object in the type.
    pub(crate) fn visit_objects(&self, visit: &mut impl FnMut(&[Member])) {
        self.visit(&mut |ty| {
            if let Self::Object(members) = ty {
                visit(members);
            }
        });
    }
}

/// Splits a declaration of ts-rs, `type Name<A, B = string> = …;`, into its type parameters (with the brackets) and its type.
pub(crate) fn parse_declaration(decl: &str, ident: &str) -> Option<(String, Type)> {
    let rest = decl.trim().strip_prefix("type ")?.strip_prefix(ident)?;
    let (parameters, ty) = if rest.starts_with('<') {
        let end = closing_bracket(rest)? + 1;
        (&rest[..end], &rest[end..])
    } else {
        ("", rest)
    };
    let ty = ty.trim_start().strip_prefix('=')?.trim_end().strip_suffix(';')?;
    Some((parameters.to_owned(), Type::parse(ty)))
}

/// Splits type parameters, `<A, B = string>`, into their names and what stands for those that are left out.
pub(crate) fn type_parameters(text: &str) -> Vec<(String, Option<Type>)> {
    let Some(list) = text.strip_prefix('<').and_then(|list| list.strip_suffix('>')) else {
        return Vec::new();
    };
    let mut depth = 0_usize;
    let parts = list.split(|char| {
        match char {
            '<' | '{' | '[' | '(' => depth += 1,
            '>' | '}' | ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && char == ','
    });
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| match part.split_once('=') {
            Some((name, default)) => (name.trim().to_owned(), Some(Type::parse(default))),
            None => (part.to_owned(), None),
        })
        .collect()
}

fn closing_bracket(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.char_indices().find_map(|(at, char)| {
        match char {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

/// The names, and other words, of a text.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !(char.is_alphanumeric() || matches!(char, '_' | '$')))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    Doc(Vec<String>),
    /// An identifier, a keyword, or a number.
    Word(&'a str),
    /// With its quotes.
    Text(&'a str),
    Mark(char),
}

/// Recursive descent; `None` means that the text is outside the grammar.
struct Parser<'a> {
    /// In reverse, so that the next one is popped.
    tokens: Vec<Token<'a>>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Option<Self> {
        let mut tokens = tokens(text)?;
        tokens.reverse();
        Some(Self { tokens })
    }

    fn ty(&mut self) -> Option<Type> {
        self.separated('|', Self::intersection, union)
    }

    fn intersection(&mut self) -> Option<Type> {
        self.separated('&', Self::postfix, Type::Intersection)
    }

    fn separated(
        &mut self,
        mark: char,
        part: fn(&mut Self) -> Option<Type>,
        join: fn(Vec<Type>) -> Type,
    ) -> Option<Type> {
        self.take(mark);
        let first = part(self)?;
        let mut parts = vec![first];
        while self.take(mark) {
            parts.push(part(self)?);
        }
        if parts.len() == 1 {
            parts.pop()
        } else {
            Some(join(parts))
        }
    }

    fn postfix(&mut self) -> Option<Type> {
        let mut ty = self.primary()?;
        while self.take('[') {
            self.expect(']')?;
            ty = Type::Array(Box::new(ty));
        }
        Some(ty)
    }

    fn primary(&mut self) -> Option<Type> {
        match self.tokens.pop()? {
            Token::Text(text) => Some(Type::name(text)),
            Token::Word("keyof" | "typeof" | "readonly" | "unique" | "infer" | "asserts") => None,
            Token::Word(name) => {
                let args = if self.take('<') {
                    self.list('>')?
                } else {
                    Vec::new()
                };
                Some(match (name, args.as_slice()) {
                    ("Array", [item]) => Type::Array(Box::new(item.clone())),
                    _ => Type::Name {
                        name: name.to_owned(),
                        args,
                    },
                })
            }
            Token::Mark('(') => {
                let ty = self.ty()?;
                self.expect(')')?;
                Some(ty)
            }
            Token::Mark('[') => self.list(']').map(Type::Tuple),
            Token::Mark('{') => self.braces(),
            Token::Mark(_) | Token::Doc(_) => None,
        }
    }

    /// What stands behind `{`.
    fn braces(&mut self) -> Option<Type> {
        if self.take('[') {
            let Token::Word(_) = self.tokens.pop()? else {
                return None;
            };
            // `[key in Key]` as ts-rs has it, or `[key: Key]` as we print it.
            if !self.take(':') && self.tokens.pop()? != Token::Word("in") {
                return None;
            }
            let key = Box::new(self.ty()?);
            self.expect(']')?;
            let optional = self.take('?');
            self.expect(':')?;
            let value = Box::new(self.ty()?);
            let _ = self.take(',') || self.take(';');
            self.expect('}')?;
            return Some(Type::Mapped { key, optional, value });
        }

        let mut members = Vec::new();
        while !self.take('}') {
            let mut docs = Vec::new();
            while let Some(Token::Doc(lines)) = self.tokens.last() {
                docs.clone_from(lines);
                self.tokens.pop();
            }
            let key = match self.tokens.pop()? {
                Token::Word(word) => word.to_owned(),
                Token::Text(text) => text.strip_prefix('"')?.strip_suffix('"')?.to_owned(),
                _ => return None,
            };
            let optional = self.take('?');
            self.expect(':')?;
            let ty = self.ty()?;
            let ends = self.take(',') || self.take(';');
            if !ends && self.tokens.last() != Some(&Token::Mark('}')) {
                return None;
            }
            members.push(Member {
                docs,
                readonly: false,
                key,
                optional,
                ty,
            });
        }
        Some(Type::Object(members))
    }

    fn list(&mut self, end: char) -> Option<Vec<Type>> {
        let mut types = Vec::new();
        while !self.take(end) {
            types.push(self.ty()?);
            if !self.take(',') {
                self.expect(end)?;
                break;
            }
        }
        Some(types)
    }

    fn take(&mut self, mark: char) -> bool {
        let found = self.tokens.last() == Some(&Token::Mark(mark));
        if found {
            self.tokens.pop();
        }
        found
    }

    fn expect(&mut self, mark: char) -> Option<()> {
        self.take(mark).then_some(())
    }
}

/// A union says the same once: `Option<Option<T>>` is `T | null | null` in ts-rs.
fn union(types: Vec<Type>) -> Type {
    let mut distinct = Vec::new();
    for ty in types {
        let arms = match ty {
            Type::Union(arms) => arms,
            ty => vec![ty],
        };
        for arm in arms {
            if !distinct.contains(&arm) {
                distinct.push(arm);
            }
        }
    }
    if distinct.len() == 1 {
        distinct.remove(0)
    } else {
        Type::Union(distinct)
    }
}

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '"' | '\'' | '`' => {
                let len = literal_len(rest, first)?;
                tokens.push(Token::Text(&rest[..len]));
                len
            }
            '/' => {
                let (lines, len) = doc(rest)?;
                tokens.push(Token::Doc(lines));
                len
            }
            _ if first != '.' && is_word(first) || first == '-' => {
                let end = rest.char_indices().skip(1).find(|(_, char)| !is_word(*char));
                let len = end.map_or(rest.len(), |(at, _)| at);
                tokens.push(Token::Word(&rest[..len]));
                len
            }
            '{' | '}' | '[' | ']' | '(' | ')' | '<' | '>' | '|' | '&' | '?' | ':' | ',' | ';' => {
                tokens.push(Token::Mark(first));
                1
            }
            _ => return None,
        };
        rest = rest[len..].trim_start();
    }
    Some(tokens)
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '$' | '.')
}

/// Length of the string literal at the start of `text`.
fn literal_len(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().skip(1).find_map(|(at, char)| {
        let ends = char == quote && !escaped;
        escaped = char == '\\' && !escaped;
        ends.then_some(at + 1)
    })
}

/// Lines and length of the doc comment at the start of `text`.
///
/// ts-rs copies doc comments as they are, so a `*/` in the middle of a line doesn't end one; its own end stands on a line of
/// its own. Only for a block comment, which it keeps in one piece, does the first `*/` count.
fn doc(text: &str) -> Option<(Vec<String>, usize)> {
    const END: &str = "\n */\n";
    let body = text.strip_prefix("/**")?;
    if let Some(lines) = body.strip_prefix('\n')
        && let Some(end) = lines.find(END)
    {
        return Some((doc_lines(&lines[..end]), "/**\n".len() + end + END.len()));
    }
    let end = body.find("*/")?;
    Some((doc_lines(&body[..end]), "/**".len() + end + "*/".len()))
}

fn doc_lines(body: &str) -> Vec<String> {
    let lines = body.trim_matches('\n').lines();
    lines
        .map(|line| line.trim_start().strip_prefix('*').unwrap_or(line).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let mut names = Vec::new();
        Type::parse(text).visit_names(&mut |name| names.push(name.to_owned()));
        names
    }

    #[test]
    fn types_of_ts_rs_are_read() {
        let array = |item| Type::Array(Box::new(item));

        assert_eq!(Type::parse("string"), Type::name("string"));
        assert_eq!(
            Type::parse("Array<Array<number>>"),
            array(array(Type::name("number")))
        );
        assert_eq!(Type::parse("a.b[]"), array(Type::name("a.b")));
        assert_eq!(
            Type::parse("A | null"),
            Type::Union(vec![Type::name("A"), Type::name("null")])
        );
        assert_eq!(
            Type::parse("[A, -1, \"x\"]"),
            Type::Tuple(["A", "-1", "\"x\""].map(Type::name).to_vec())
        );
        assert_eq!(Type::parse("`id-${number}`"), Type::name("`id-${number}`"));
        assert_eq!(Type::parse("{  }"), Type::Object(vec![]));
        let Type::Mapped { optional, .. } = Type::parse("{ [key in Tag]?: number }") else {
            panic!("not mapped")
        };
        assert!(optional);
    }

    #[test]
    fn intersections_bind_tighter_than_unions() {
        let Type::Union(parts) = Type::parse("{ \"t\": \"A\" } & A | B") else {
            panic!("not a union")
        };

        assert!(matches!(
            parts.as_slice(),
            [Type::Intersection(_), Type::Name { .. }]
        ));
    }

    #[test]
    fn members_keep_their_docs_even_with_odd_text() {
        let text = "{ \n/**\n * Ends */ early.\n *\n * No \"quote.\n */\n\"a-b\"?: string, c: { d: A }, }";

        let Type::Object(members) = Type::parse(text) else {
            panic!("not an object")
        };

        assert_eq!(members[0].docs, [" Ends */ early.", "", " No \"quote."]);
        assert_eq!((members[0].key.as_str(), members[0].optional), ("a-b", true));
        assert!(members[1].docs.is_empty());
    }

    #[test]
    fn what_is_outside_the_grammar_is_kept() {
        for text in ["keyof A", "(a: A) => B", "A<", "{ a: B", "\"open", "...A"] {
            assert_eq!(Type::parse(text), Type::Verbatim(text.to_owned()), "{text}");
        }
        assert_eq!(names("keyof Ö[]"), ["keyof", "Ö", "", ""]);
    }

    #[test]
    fn declarations_split_into_parameters_and_type() {
        let (parameters, ty) =
            parse_declaration("type Page<T, E = Array<T>> = { items: Array<T>, };", "Page").unwrap();

        assert_eq!(parameters, "<T, E = Array<T>>");
        assert!(matches!(ty, Type::Object(members) if members.len() == 1));
        assert_eq!(parse_declaration("enum Page { A }", "Page"), None);
    }

    #[test]
    fn names_are_visited_wherever_they_stand() {
        assert_eq!(
            names("{ a: Array<A>, b: { [key in B]: [C, D | E & F] } } | G<H>"),
            ["A", "B", "C", "D", "E", "F", "G", "H"]
        );
    }
}
