//! Types that hold others: generics, recursion, flattening, names, both ways at once.

use super::*;

#[test]
fn what_the_wire_does_not_show_is_no_change() {
    let point = |name: &'static str| structure(name, &["x: u8", "y: u8"]);
    let cases = [
        // The name of a type, the order of fields, of variants and of arguments, and what serde looks through.
        (
            down(&[point("Point = { x: number, y: number }")]),
            down(&[point("Place = { y: number; x: number; }")]),
        ),
        (
            down(&[enumeration("E = \"A\" | \"B\"", &["A", "B"])]),
            down(&[enumeration("E = \"B\" | \"A\"", &["B", "A"])]),
        ),
        (
            up(&[structure("A = number", &["0: u8"])]),
            lock(&[("up", call(&["value: number = Box<u8>"], ""))], &[]),
        ),
        (
            down(&[structure("T = { a: number[] }", &["a: Vec<u8>"])]),
            down(&[structure("T = { a: number[] }", &["a: HashSet<u8>"])]),
        ),
        // A struct that is flattened, and the fields themselves.
        (
            down(&[
                structure(
                    "T = { a: string } & Inner",
                    &["a: String", "inner: Inner flatten"],
                ),
                structure("Inner = { b: number }", &["b: u8"]),
            ]),
            down(&[structure("T = { a: string, b: number }", &["a: String", "b: u8"])]),
        ),
        // A generic type, and the type that it comes to.
        (
            down(&[
                structure("T = Page<number>", &["0: Page<u8>"]),
                structure("Page<A> = { items: A[] }", &["items: Vec<A>"]),
            ]),
            down(&[structure("T = { items: number[] }", &["items: Vec<u8>"])]),
        ),
        // An enum tagged inside, of structs and of fields.
        (
            down(&[
                enumeration("E = { t: \"A\" } & Inner | { t: \"B\" }", &["A | 0: Inner", "B"]),
                structure("Inner = { n: number }", &["n: u8"]),
            ]),
            down(&[enumeration(
                "E = { t: \"A\", n: number } | { t: \"B\" }",
                &["A | n: u8", "B"],
            )]),
        ),
    ];
    for (old, new) in cases {
        assert_lines(&old, &new, &[]);
        assert_lines(&new, &old, &[]);
    }
}

#[test]
fn numbers_are_followed_through_options_lists_and_generics() {
    let page = || {
        structure(
            "Page<A> = { items: A[], next: number | null }",
            &["items: Vec<A>", "next: Option<u32>"],
        )
    };
    let paged = |rust: &str| {
        let ty = |name: &str| format!("value: {name}<number> = {name}<{rust}>");
        lock(&[("up", call(&[&ty("Page")], ""))], &[page()])
    };
    assert_lines(
        &paged("u32"),
        &paged("u8"),
        &[
            "number-narrowed C- type Page (of c.up): the field `items[]` is u8 now (was u32): clients built before this fail with invalid_argument when they send more than 255",
        ],
    );

    let deep = |rust: &str| {
        let field = format!("a: Option<HashMap<String,Vec<({rust},String)>>>");
        up(&[structure(
            "T = { a: { [key: string]: [number, string][] } | null }",
            &[&field],
        )])
    };
    assert_lines(
        &deep("i8"),
        &deep("i16"),
        &[
            "number-widened -S type T (of c.up): the field `a[key][][0]` is i16 now (was i8): clients built after this fail with invalid_argument at older servers when they send less than -128 or more than 127",
        ],
    );
}

#[test]
fn recursive_types_end_and_say_it_once() {
    let tree = |rust: &str| {
        let value = format!("value: {rust}");
        let node = structure(
            "Node<A> = { value: number, children: Array<Node<A>>, other: Leaf | null }",
            &[&value],
        );
        let leaf = structure("Leaf = { up: Node<string> | null }", &[]);
        // Larger with each step.
        let growing = structure("Growing<A> = { next: Growing<Array<A>> | null, a: A }", &[]);
        let all = call(&["g: Growing<number>", "n: Node<string>"], "Node<string>");
        lock(&[("all", all)], &[node, leaf, growing])
    };

    assert_lines(
        &tree("u8"),
        &tree("u16"),
        &[
            "number-widened rS type Node (of c.all): the field `value` is u16 now (was u8): clients built after this fail with invalid_argument at older servers when they send more than 255; clients in Rust built before this fail to read it when it is more than 255",
        ],
    );
}

#[test]
fn a_change_of_a_type_is_told_once_with_the_methods_that_reach_it() {
    let contract = |decl: &'static str, of: &[&str]| {
        let types = [
            structure("Outer = { inner: Inner }", &["inner: Inner"]),
            structure(decl, of),
        ];
        let methods = [
            ("put", call(&["outer: Outer"], "")),
            ("get", call(&["n: number"], "Inner | null")),
            ("told", event(&["all: Inner[]"])),
            ("other", call(&[], "number")),
        ];
        lock(&methods, &types)
    };
    let old = contract("Inner = { a: string }", &["a: String"]);
    let new = contract("Inner = { a: string, b: number }", &["a: String", "b: u8"]);

    assert_lines(
        &old,
        &new,
        &[
            "field-added CS type Inner (of c.get, c.put, c.told): the field `b` is new and required: clients built after this read `undefined` from older servers; clients built before this fail with invalid_argument",
        ],
    );
}

#[test]
fn the_variants_of_all_taggings_are_compared_by_what_they_hold() {
    let expected = |name: &str| {
        format!(
            "number-narrowed C- type E (of c.up): the field `{name}` is u8 now (was u32): clients built before this fail with invalid_argument when they send more than 255"
        )
    };
    let cases: [(&str, &str, &str); 5] = [
        ("E = { \"A\": number } | \"B\"", "A | 0: $", "A"),
        ("E = { \"A\": { n: number } } | \"B\"", "A | n: $", "A.n"),
        ("E = { t: \"A\", n: number } | { t: \"B\" }", "A | n: $", "A.n"),
        ("E = { t: \"A\", c: number } | { t: \"B\" }", "A | 0: $", "A.c"),
        (
            "E = { t: \"A\", c: { n: number } } | { t: \"B\" }",
            "A | n: $",
            "A.c.n",
        ),
    ];
    for (decl, variant, name) in cases {
        let of = |rust: &str| up(&[enumeration(decl, &[&variant.replace('$', rust), "B"])]);
        assert_lines(&of("u32"), &of("u8"), &[&expected(name)]);
    }
}

#[test]
fn untagged_variants_are_paired_by_their_form() {
    let old = down(&[
        enumeration("E = number | Point | Array<E> | null", &["N", "P", "L", "Z"]),
        structure("Point = { x: number }", &["x: u8"]),
    ]);
    let new = down(&[
        enumeration(
            "E = boolean | Place | null | E[] | number",
            &["B", "P", "Z", "S", "N"],
        ),
        structure("Place = { x: number, y: number }", &["x: u8", "y: u8"]),
    ]);

    assert_lines(
        &old,
        &new,
        &[
            "type-widened C- type E (of c.down): the type may be `boolean` now: clients built before this may read a value that they don't know",
            "field-added -S type Place (of c.down): the field `y` is new and required: clients built after this read `undefined` from older servers",
        ],
    );
}

#[test]
fn literals_of_all_kinds_are_compared() {
    let of = |arms: &str| lock(&[("m", call(&[&format!("a: {arms}")], ""))], &[]);

    assert_lines(
        &of("{ n: 1, v: true } | { n: -1 }"),
        &of("{ n: 1, v: boolean } | { n: -1 }"),
        &[
            "type-widened -S c.m: the argument `a.v` may be `boolean` now: clients built after this fail with invalid_argument at older servers",
        ],
    );
    assert_lines(
        &of("1 | 2 | null"),
        &of("2 | null"),
        &[
            "type-narrowed C- c.m: the argument `a` is `1` no more: clients built before this fail with invalid_argument",
        ],
    );
    assert_lines(
        &of("\"a\" | \"b\""),
        &of("string"),
        &[
            "type-widened -S c.m: the argument `a` may be `string` now: clients built after this fail with invalid_argument at older servers",
        ],
    );
}

#[test]
fn an_enum_may_become_one_of_a_single_variant() {
    let two = || enumeration("E = { t: \"A\", n: number } | { t: \"B\" }", &["A | n: u8", "B"]);
    let one = || enumeration("E = { t: \"A\", n: number }", &["A | n: u8"]);

    assert_lines(
        &down(&[one()]),
        &down(&[two()]),
        &[
            "variant-added C- type E (of c.down): the variant `B` is new: clients built before this may read a value that they don't know",
        ],
    );
    assert_lines(
        &up(&[two()]),
        &up(&[one()]),
        &[
            "variant-removed C- type E (of c.up): the variant `B` is gone: clients built before this fail with invalid_argument",
        ],
    );
}

#[test]
fn an_enum_and_any_text_are_a_narrower_and_a_wider_type() {
    let one = || up(&[enumeration("E = \"A\" | \"B\"", &["A", "B"])]);
    let text = || up(&[structure("E = string", &["0: String"])]);

    assert_lines(
        &one(),
        &text(),
        &[
            "type-widened -S type E (of c.up): the type may be `string` now: clients built after this fail with invalid_argument at older servers",
        ],
    );
    assert_lines(
        &text(),
        &one(),
        &[
            "type-narrowed C- type E (of c.up): the type is `string` no more: clients built before this fail with invalid_argument",
        ],
    );
}

#[test]
fn null_is_among_whatever_there_is() {
    let field =
        |ty: &str, rust: &str| up(&[structure(&format!("T = {{ a: {ty} }}"), &[&format!("a: {rust}")])]);

    assert_lines(
        &field("(string | null)[]", "Vec<Option<String>>"),
        &field("unknown[]", "Vec<Value>"),
        &[
            "type-widened -S type T (of c.up): the field `a[]` is `unknown` now (was `string`): clients built after this fail with invalid_argument at older servers",
        ],
    );
    assert_lines(
        &field("string | null", "Option<String>"),
        &field("unknown", "Value"),
        &[
            "type-widened -S type T (of c.up): the field `a` is `unknown` now (was `string`): clients built after this fail with invalid_argument at older servers",
        ],
    );
}

#[test]
fn an_option_in_place_of_nothing_is_null_from_the_other_side() {
    let of = |ret: &str| lock(&[("m", call(&[], ret)), ("k", client_call(&[], ret))], &[]);

    assert_lines(
        &of("null"),
        &of("string | null"),
        &[
            "value-added -S c.k: the method answers `string | null` now (was nothing): older servers fail to read what clients built after this answer",
            "value-added -- c.m: the method answers `string | null` now (was nothing)",
        ],
    );
}

#[test]
fn fields_beside_a_flattened_map_are_compared() {
    let flattened = |own: &str, base| {
        let decl = format!("T = {{ {own} }} & Base & {{ [key: string]: unknown }}");
        let fields = [
            "id: u8",
            "base: Base flatten",
            "rest: HashMap<String,Value> flatten",
        ];
        let (name, mut lock) = structure(&decl, &fields);
        if own.contains("note") {
            lock.fields.insert(
                "note".to_owned(),
                FieldLock {
                    rust: "Option<String>".to_owned(),
                    default: true,
                    ..FieldLock::default()
                },
            );
        }
        up(&[(name, lock), base])
    };
    let base = || structure("Base = { a: number }", &["a: u8"]);

    assert_lines(
        &flattened("id: number", base()),
        &flattened(
            "id: number",
            structure("Base = { a: number, b: string }", &["a: u8", "b: String"]),
        ),
        &[
            "field-added C- type T (of c.up): the field `b` is new and required: clients built before this fail with invalid_argument",
        ],
    );
    assert_lines(
        &flattened("id: number", base()),
        &flattened("id: number, note: string | null", base()),
        &["field-added -- type T (of c.up): the field `note` is new and may be left out"],
    );
}

#[test]
fn what_stands_in_an_unreadable_type_is_compared_by_its_names() {
    let written = |inner| up(&[structure("T = { a: Partial<Inner> }", &["a: Patch"]), inner]);
    assert_lines(
        &written(structure("Inner = { n: number }", &["n: u8"])),
        &written(structure("Inner = { n: string }", &["n: String"])),
        &[
            "type-changed CS type Inner (of c.up): the field `n` is `string` now (was `u8`): clients built after this fail with invalid_argument at older servers; clients built before this fail with invalid_argument",
        ],
    );
}

#[test]
fn the_items_of_lists_of_another_kind_are_compared_too() {
    let of = |ty: &str| lock(&[("m", call(&[&format!("a: {ty}")], ""))], &[]);

    for (list, other) in [
        ("[string]", "number[]"),
        ("string[]", "[number]"),
        ("Set<string>", "number[]"),
        ("string[]", "Set<number>"),
    ] {
        let findings = compare(&of(list), &of(other)).findings;

        let rules: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
        assert!(rules.contains(&Rule::TypeChanged), "{list} {other}: {rules:?}");
        assert_lines(&of(list), &of(list), &[]);
    }
}

#[test]
fn methods_whose_hashes_differ_are_stale() {
    let old = lock(&[("a", call(&[], "number")), ("b", call(&[], "number"))], &[]);
    let mut new = old.clone();
    if let Some(method) = new
        .channels
        .get_mut("c")
        .and_then(|channel| channel.methods.get_mut("b"))
    {
        method.hash.push('x');
    }

    let report = compare(&old, &new);

    assert!(report.findings.is_empty());
    assert_eq!(report.stale, [("c".to_owned(), ["b".to_owned()].into())].into());
    let servers = Tolerance {
        servers: true,
        ..Tolerance::default()
    };
    assert_eq!(
        (report.failures(Tolerance::default()), report.failures(servers)),
        (0, 1)
    );
}

#[test]
fn annotations_name_file_and_line_and_escape_what_github_reads() {
    let old = lock(&[("m", call(&[], "{ \"50%\": string }"))], &[]);
    let new = lock(&[("m", call(&[], "{ }")), ("n", call(&[], ""))], &[]);
    let schema = r#"{"v":3,"crate":"d","module":"d","name":"C","channel":"c","file":"a,b/c.rs","line":7,"methods":[]}"#;
    let schemas = [glue::schema::ChannelSchema::from_json(schema).expect("a schema")];

    let text = print(
        &compare(&old, &new),
        Format::Github,
        Tolerance::default(),
        &schemas,
    );

    assert_eq!(
        text.lines().take(2).collect::<Vec<_>>(),
        [
            "::error file=a%2Cb/c.rs,line=7,title=glue%3A field-removed::c.m: the field `50%25` of the value is gone: generated clients fail with stale_client; without hashes: clients built before this read `undefined`",
            "::warning file=a%2Cb/c.rs,line=7,title=glue%3A method-added::c.n: the method is new: clients built after this fail with stale_client or unimplemented at older servers",
        ]
    );
}

#[test]
fn who_counts_is_said() {
    let servers = lock(&[], &[]);
    let more = lock(&[("m", call(&[], ""))], &[]);
    let failures = |old: &Lock, new: &Lock, servers, clients| {
        let tolerance = Tolerance {
            servers,
            clients,
            rust_clients: false,
            stale: false,
        };
        compare(old, new).failures(tolerance)
    };

    assert_eq!(failures(&servers, &more, false, true), 0, "servers go first");
    assert_eq!(failures(&servers, &more, true, true), 1);
    assert_eq!(failures(&more, &servers, false, true), 1);
    assert_eq!(failures(&more, &servers, true, false), 0);
    let wider = |rust: &str| lock(&[("m", call(&[], &format!("number = {rust}")))], &[]);
    let report = compare(&wider("u8"), &wider("u16"));
    let rust = Tolerance {
        rust_clients: true,
        ..Tolerance::default()
    };
    assert_eq!(
        (report.failures(Tolerance::default()), report.failures(rust)),
        (0, 1)
    );
}

#[test]
fn json_says_all_of_it() {
    let report = compare(&lock(&[("m", call(&[], ""))], &[]), &lock(&[], &[]));

    let text = print(&report, Format::Json, Tolerance::default(), &[]);

    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["failures"], 1);
    let change = &json["changes"][0];
    assert_eq!(
        [
            &change["rule"],
            &change["class"],
            &change["kind"],
            &change["name"],
            &change["breaks"]["clients"]
        ],
        ["method-removed", "clients", "method", "c.m", "all"]
    );
}

/// Types of the golden folders in place of each other: what it says one way, it says the other way round.
#[test]
fn any_two_types_are_compared_and_both_ways_agree() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/");
    for case in ["exact-odd/odd.json", "enums/shapes.json", "recursion/trees.json"] {
        let text = std::fs::read_to_string(format!("{golden}{case}")).expect("a golden channel");
        let schema = glue::schema::ChannelSchema::from_json(&text).expect("a schema");
        let all = Lock::of(&[schema]);
        let of = |name: &String| Lock {
            types: all.types.clone(),
            ..lock(&[("m", call(&[&format!("a: {name}")], name))], &[])
        };
        // Every second one: all of them take longer, and say the same.
        let contracts: Vec<_> = all.types.keys().step_by(2).map(of).collect();
        let worst = |old: &Lock, new: &Lock| {
            let findings = compare(old, new).findings;
            let of = |whom: fn(&Finding) -> Breaks| findings.iter().map(whom).max().unwrap_or_default();
            (of(|finding| finding.clients), of(|finding| finding.servers))
        };
        for (index, old) in contracts.iter().enumerate() {
            for new in &contracts[index..] {
                let ((clients, servers), back) = (worst(old, new), worst(new, old));
                assert_eq!(
                    (servers, clients),
                    back,
                    "{:#?} {:#?}",
                    lines(old, new),
                    lines(new, old)
                );
            }
        }
    }
}

fn text_of(old: &Lock, new: &Lock, tolerance: Tolerance) -> String {
    print(&compare(old, new), Format::Text, tolerance, &[])
}

#[test]
fn the_last_line_says_why_the_exit_code_is_what_it_is() {
    let old = lock(&[("m", call(&["a: string"], ""))], &[]);
    let new = lock(&[("m", call(&["a: string", "b?: string | null"], ""))], &[]);
    let of = |servers: bool, stale| Tolerance {
        clients: !servers,
        servers,
        stale,
        rust_clients: false,
    };
    let accept = "older clients at the new server: refused with stale_client in c.m until you run \
                  `glue-codegen diff --against … --accept FILE` and give FILE to `.accept(…)` (docs/CONTRACTS.md)";
    for (tolerance, last) in [
        (
            of(false, false),
            vec![accept, "exit code 0: nothing here counts under --fail-on clients"],
        ),
        (
            of(true, false),
            vec![
                accept,
                "clients built after this fail at older servers with stale_client: c.m",
                "exit code 4: 1 method refused with stale_client under --fail-on servers",
            ],
        ),
        (
            of(false, true),
            vec![
                accept,
                "exit code 4: 1 method refused with stale_client under --fail-on stale",
            ],
        ),
    ] {
        let text = text_of(&old, &new, tolerance);
        let lines: Vec<_> = text.lines().skip_while(|line| !line.is_empty()).skip(1).collect();
        assert_eq!(lines, last, "{text}");
    }
}

#[test]
fn what_generated_clients_see_comes_first() {
    let old = lock(&[("m", call(&["a: number = u32"], ""))], &[]);
    let required = lock(&[("m", call(&["a: number = u32", "b: string"], ""))], &[]);
    let text = text_of(&old, &required, Tolerance::default());
    assert!(
        text.contains(
            "required: generated clients fail with stale_client; without hashes: \
             clients built before this fail with invalid_argument [argument-added]"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "refused with stale_client in c.m, for good\nexit code 4: 1 change under --fail-on clients\n"
        ),
        "{text}"
    );

    // The hash sees the type in TypeScript alone.
    let mut narrowed = old.clone();
    let method = narrowed
        .channels
        .get_mut("c")
        .and_then(|channel| channel.methods.get_mut("m"));
    let arg = method.and_then(|method| method.args.get_mut("a"));
    "u8".clone_into(&mut arg.expect("an argument").rust);
    let text = text_of(&old, &narrowed, Tolerance::default());
    assert!(
        text.contains("invalid_argument when they send more than 255; no hash warns them [number-narrowed]"),
        "{text}"
    );
    assert!(!text.contains("stale_client"), "{text}");

    let (old, new) = (
        lock(&[("e", event(&["a: string"]))], &[]),
        lock(&[("e", event(&[]))], &[]),
    );
    let text = text_of(&old, &new, Tolerance::default());
    assert!(
        text.contains("gone: generated clients don't get the event; without hashes: clients built before"),
        "{text}"
    );
    assert!(
        text.contains("stale_client in c.e (event: not delivered), for good"),
        "{text}"
    );
}
