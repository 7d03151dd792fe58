//! One row and more for each rule. Every row also shows that a contract doesn't differ from itself.

use std::collections::BTreeSet;

use super::*;

type Row = (Lock, Lock, &'static [&'static str]);

fn rows() -> Vec<Row> {
    [
        channels(),
        arguments(),
        answers(),
        fields_of_types(),
        variants(),
        leaves(),
    ]
    .concat()
}

fn channels() -> Vec<Row> {
    let methods = |methods: &[(&str, MethodLock)]| lock(methods, &[]);
    let renamed = |name: &str| Lock {
        channels: [(name.to_owned(), ChannelLock::default())].into(),
        ..lock(&[], &[])
    };
    vec![
        (
            renamed("c"),
            renamed("d"),
            &[
                "channel-removed C- c: the channel is gone (renamed to `d`?): clients built before this fail with unimplemented",
                "channel-added -S d: the channel is new: clients built after this fail with unimplemented at older servers",
            ],
        ),
        (
            methods(&[]),
            methods(&[("m", call(&[], ""))]),
            &[
                "method-added -S c.m: the method is new: clients built after this fail with stale_client or unimplemented at older servers",
            ],
        ),
        (
            methods(&[("m", call(&["a: string"], ""))]),
            methods(&[("n", call(&["a: string"], ""))]),
            &[
                "method-removed C- c.m: the method is gone (renamed to `n`?): clients built before this fail with stale_client or unimplemented",
                "method-added -S c.n: the method is new: clients built after this fail with stale_client or unimplemented at older servers",
            ],
        ),
        (
            methods(&[("m", call(&[], "number"))]),
            methods(&[("m", stream("number"))]),
            &[
                "method-kind CS c.m: the method is a stream now (was a call): clients and servers of different age don't understand each other in it",
            ],
        ),
        (
            methods(&[("m", call(&[], "null"))]),
            methods(&[("m", notification(&[]))]),
            &["method-kind -- c.m: the method is a notification now (was a call)"],
        ),
        (
            methods(&[("m", call(&[], "number"))]),
            methods(&[("m", notification(&[]))]),
            &[
                "method-kind C- c.m: the method is a notification now (was a call): clients built before this read null",
            ],
        ),
        (
            methods(&[("m", notification(&[]))]),
            methods(&[("m", call(&[], "number"))]),
            &[
                "method-kind -S c.m: the method is a call now (was a notification): clients built after this read null from older servers",
            ],
        ),
        (
            methods(&[]),
            methods(&[("e", event(&[]))]),
            &[
                "event-added -S c.e: the event is new: clients built after this wait for it in vain at older servers",
            ],
        ),
        (
            methods(&[("e", event(&[]))]),
            methods(&[]),
            &["event-removed C- c.e: the event is gone: clients built before this wait for it in vain"],
        ),
        (
            methods(&[]),
            methods(&[("ask", client_call(&[], ""))]),
            &[
                "client-method-added C- c.ask: the method of the client is new: servers that call it at clients built before this fail with unimplemented",
            ],
        ),
        (
            methods(&[("ask", client_call(&[], ""))]),
            methods(&[]),
            &[
                "client-method-removed -S c.ask: the method of the client is gone: older servers that call it at clients built after this fail with unimplemented",
            ],
        ),
        (
            methods(&[("m", call(&[], ""))]),
            methods(&[("m", idempotent())]),
            &[
                "idempotent-added -S c.m: the method is idempotent now: clients built after this may run it twice at older servers",
            ],
        ),
        (
            methods(&[("m", idempotent())]),
            methods(&[("m", call(&[], ""))]),
            &[
                "idempotent-removed C- c.m: the method is not idempotent any more: clients built before this may run it twice",
            ],
        ),
        (
            methods(&[("m", stream("string"))]),
            methods(&[("m", resumed("after"))]),
            &[
                "resume-added -S c.m: the stream is resumed from `after` now: clients built after this open it again at older servers, and may miss items or get some twice",
            ],
        ),
        (
            methods(&[("m", resumed("after"))]),
            methods(&[("m", resumed("since"))]),
            &[
                "resume-added -S c.m: the stream is resumed from `since` now: clients built after this open it again at older servers, and may miss items or get some twice",
                "resume-removed C- c.m: the stream is not resumed from `after` any more: clients built before this still open it again, and may miss items or get some twice",
            ],
        ),
    ]
}

fn arguments() -> Vec<Row> {
    let takes = |args: &[&str]| lock(&[("m", call(args, ""))], &[]);
    let tells = |args: &[&str]| lock(&[("e", event(args))], &[]);
    vec![
        (
            takes(&[]),
            takes(&["a?: number | null"]),
            &["argument-added -- c.m: the argument `a` is new and may be left out"],
        ),
        (
            takes(&[]),
            takes(&["a: number"]),
            &[
                "argument-added C- c.m: the argument `a` is new and required: clients built before this fail with invalid_argument",
            ],
        ),
        (
            takes(&["a: string"]),
            takes(&[]),
            &[
                "argument-removed -S c.m: the argument `a` is gone: clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            takes(&["a: string"]),
            takes(&["b: string"]),
            &[
                "argument-added C- c.m: the argument `b` is new and required (renamed from `a`?): clients built before this fail with invalid_argument",
                "argument-removed -S c.m: the argument `a` is gone (renamed to `b`?): clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            tells(&[]),
            tells(&["a: string"]),
            &[
                "argument-added -S c.e: the argument `a` is new and required: clients built after this read `undefined` from older servers",
            ],
        ),
        (
            tells(&["a: string"]),
            tells(&[]),
            &[
                "argument-removed C- c.e: the argument `a` is gone: clients built before this read `undefined`",
            ],
        ),
        (
            takes(&["limit?: number | null"]),
            takes(&["limit: number"]),
            &[
                "argument-required C- c.m: the argument `limit` is now required (was optional): clients built before this fail with invalid_argument",
            ],
        ),
        (
            takes(&["limit: number"]),
            takes(&["limit?: number | null"]),
            &[
                "argument-optional -S c.m: the argument `limit` is now optional (was required): clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            tells(&["a: number"]),
            tells(&["a?: number | null"]),
            &[
                "argument-optional C- c.e: the argument `a` is now optional (was required): clients built before this may read null",
            ],
        ),
        (
            lock(&[("m", upload(""))], &[]),
            lock(&[("m", upload("string"))], &[]),
            &[
                "upload CS c.m: the method takes a stream now: clients and servers of different age don't understand each other in it",
            ],
        ),
    ]
}

fn answers() -> Vec<Row> {
    let gives = |ret: &str| lock(&[("m", call(&[], ret))], &[]);
    let fails = |err: &str| lock(&[("m", failing(err))], &[]);
    vec![
        (
            gives("null"),
            gives("number"),
            &[
                "value-added -S c.m: the method answers `number` now (was nothing): clients built after this read null from older servers",
            ],
        ),
        (
            gives("number"),
            gives("null"),
            &[
                "value-removed C- c.m: the method answers nothing now (was `number`): clients built before this read null",
            ],
        ),
        (
            fails(""),
            fails("string"),
            &["error-added -- c.m: the method may fail with `string` now"],
        ),
        (
            fails("string"),
            fails(""),
            &["error-removed -- c.m: the method fails with `string` no more"],
        ),
        (
            fails("string"),
            fails("number"),
            &[
                "type-changed CS c.m: the error is `number` now (was `string`): clients built after this read a value of another type from older servers; clients built before this read a value of another type",
            ],
        ),
        (
            gives("string"),
            gives("string | null"),
            &["null-added C- c.m: the value may be null now: clients built before this may read null"],
        ),
        (
            gives("string | null"),
            gives("string"),
            &[
                "null-removed -S c.m: the value may be null no more: clients built after this may read null from older servers",
            ],
        ),
        (
            lock(&[("m", upload("string"))], &[]),
            lock(&[("m", upload("string | null"))], &[]),
            &[
                "null-added -S c.m: the items that are sent may be null now: clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            lock(&[("m", upload("string | null"))], &[]),
            lock(&[("m", upload("string"))], &[]),
            &[
                "null-removed C- c.m: the items that are sent may be null no more: clients built before this fail with invalid_argument",
            ],
        ),
        // What a client answers goes up.
        (
            lock(&[("ask", client_call(&[], "string"))], &[]),
            lock(&[("ask", client_call(&[], "string | null"))], &[]),
            &[
                "null-added -S c.ask: the value may be null now: older servers fail to read what clients built after this answer",
            ],
        ),
    ]
}

fn fields_of_types() -> Vec<Row> {
    let one = || structure("T = { a: string }", &["a: String"]);
    let two = || structure("T = { a: string, b: number }", &["a: String", "b: u32"]);
    let some = || structure("T = { a: string, b?: number }", &["a: String", "b: u32 default"]);
    let default = || structure("T = { a: string, b: number }", &["a: String", "b: u32 default"]);
    let option = || {
        structure(
            "T = { a: string, b: number | null }",
            &["a: String", "b: Option<u32> default"],
        )
    };
    let renamed = || structure("T = { z: string }", &["z: String"]);
    let alias = || structure("T = { z: string }", &["z: String alias=a"]);
    vec![
        (
            up(&[one()]),
            up(&[two()]),
            &[
                "field-added C- type T (of c.up): the field `b` is new and required: clients built before this fail with invalid_argument",
            ],
        ),
        (
            up(&[one()]),
            up(&[some()]),
            &["field-added -- type T (of c.up): the field `b` is new and may be left out"],
        ),
        (
            up(&[one()]),
            up(&[default()]),
            &["field-added -- type T (of c.up): the field `b` is new and may be left out"],
        ),
        (
            up(&[one()]),
            up(&[option()]),
            &["field-added -- type T (of c.up): the field `b` is new and may be left out"],
        ),
        (
            up(&[strict(one())]),
            up(&[strict(some())]),
            &[
                "field-added -S type T (of c.up): the field `b` is new and may be left out: clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            down(&[one()]),
            down(&[two()]),
            &[
                "field-added -S type T (of c.down): the field `b` is new and required: clients built after this read `undefined` from older servers",
            ],
        ),
        (
            down(&[strict(one())]),
            down(&[strict(some())]),
            &[
                "field-added r- type T (of c.down): the field `b` is new and may be left out: clients in Rust built before this fail to read it",
            ],
        ),
        (
            up(&[two()]),
            up(&[one()]),
            &[
                "field-removed -S type T (of c.up): the field `b` is gone: clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            up(&[some()]),
            up(&[one()]),
            &["field-removed -- type T (of c.up): the field `b` is gone"],
        ),
        (
            up(&[strict(some())]),
            up(&[strict(one())]),
            &[
                "field-removed C- type T (of c.up): the field `b` is gone: clients built before this fail with invalid_argument",
            ],
        ),
        (
            down(&[two()]),
            down(&[one()]),
            &[
                "field-removed C- type T (of c.down): the field `b` is gone: clients built before this read `undefined`",
            ],
        ),
        (
            down(&[some()]),
            down(&[one()]),
            &["field-removed -- type T (of c.down): the field `b` is gone"],
        ),
        (
            up(&[one()]),
            up(&[renamed()]),
            &[
                "field-added C- type T (of c.up): the field `z` is new and required (renamed from `a`?): clients built before this fail with invalid_argument",
                "field-removed -S type T (of c.up): the field `a` is gone (renamed to `z`?): clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            up(&[one()]),
            up(&[alias()]),
            &[
                "field-renamed -S type T (of c.up): the field `a` is called `z` now, and read by its old name as well: clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            down(&[one()]),
            down(&[alias()]),
            &[
                "field-renamed CS type T (of c.down): the field `a` is called `z` now, and read by its old name as well: clients built after this read `undefined` from older servers; clients built before this read `undefined`",
            ],
        ),
        (
            up(&[some()]),
            up(&[two()]),
            &[
                "field-required C- type T (of c.up): the field `b` is now required (was optional): clients built before this fail with invalid_argument",
            ],
        ),
        (
            up(&[option()]),
            up(&[two()]),
            &[
                "field-required C- type T (of c.up): the field `b` is now required (was optional): clients built before this fail with invalid_argument",
            ],
        ),
        (
            down(&[some()]),
            down(&[two()]),
            &[
                "field-required -S type T (of c.down): the field `b` is now required (was optional): clients built after this may read `undefined` from older servers",
            ],
        ),
        (
            up(&[two()]),
            up(&[some()]),
            &[
                "field-optional -S type T (of c.up): the field `b` is now optional (was required): clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            up(&[default()]),
            up(&[some()]),
            &["field-optional -- type T (of c.up): the field `b` is now optional (was required)"],
        ),
        (
            down(&[two()]),
            down(&[option()]),
            &[
                "field-optional C- type T (of c.down): the field `b` is now optional (was required): clients built before this may read null",
            ],
        ),
        (
            up(&[two()]),
            up(&[default()]),
            &[
                "field-default -- type T (of c.up): the field `b` may be left out where it is read, which no client that is generated does",
            ],
        ),
        (
            up(&[default()]),
            up(&[two()]),
            &[
                "field-default -- type T (of c.up): the field `b` may be left out no more where it is read, which no client that is generated does",
            ],
        ),
        (
            up(&[one()]),
            up(&[strict(one())]),
            &["unknown-fields -- type T (of c.up): fields that the type doesn't have are refused now"],
        ),
    ]
}

fn variants() -> Vec<Row> {
    let two = || enumeration("E = \"A\" | \"B\"", &["A", "B"]);
    let three = || enumeration("E = \"A\" | \"B\" | \"C\"", &["A", "B", "C"]);
    let alias = || enumeration("E = \"A\" | \"Z\"", &["A", "Z alias=B"]);
    let external = || enumeration("E = { \"A\": number } | \"B\"", &["A | 0: u32", "B"]);
    let internal = || {
        enumeration(
            "E = { \"t\": \"A\", n: number } | { \"t\": \"B\" }",
            &["A | n: u32", "B"],
        )
    };
    vec![
        (
            up(&[two()]),
            up(&[three()]),
            &[
                "variant-added -S type E (of c.up): the variant `C` is new: clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            down(&[two()]),
            down(&[three()]),
            &[
                "variant-added C- type E (of c.down): the variant `C` is new: clients built before this may read a value that they don't know",
            ],
        ),
        (
            up(&[three()]),
            up(&[two()]),
            &[
                "variant-removed C- type E (of c.up): the variant `C` is gone: clients built before this fail with invalid_argument",
            ],
        ),
        (
            down(&[three()]),
            down(&[two()]),
            &[
                "variant-removed -S type E (of c.down): the variant `C` is gone: clients built after this may read a value that they don't know from older servers",
            ],
        ),
        (
            up(&[two()]),
            up(&[alias()]),
            &[
                "variant-renamed -S type E (of c.up): the variant `B` is called `Z` now: clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            down(&[two()]),
            down(&[alias()]),
            &[
                "variant-renamed CS type E (of c.down): the variant `B` is called `Z` now: clients built after this may read a value that they don't know from older servers; clients built before this may read a value that they don't know",
            ],
        ),
        (
            up(&[external()]),
            up(&[internal()]),
            &[
                "tagging CS type E (of c.up): a variant is told by the field `t` now (was by a key around it): clients built after this fail with invalid_argument at older servers; clients built before this fail with invalid_argument",
            ],
        ),
    ]
}

fn leaves() -> Vec<Row> {
    let takes = |ty: &str| lock(&[("m", call(&[&format!("a: {ty}")], ""))], &[]);
    let gives = |ty: &str| lock(&[("m", call(&[], ty))], &[]);
    vec![
        (
            takes("number = u8"),
            takes("number = u32"),
            &[
                "number-widened -S c.m: the argument `a` is u32 now (was u8): clients built after this fail with invalid_argument at older servers when they send more than 255",
            ],
        ),
        (
            gives("number = u8"),
            gives("number = u32"),
            &[
                "number-widened r- c.m: the value is u32 now (was u8): clients in Rust built before this fail to read it when it is more than 255",
            ],
        ),
        (
            takes("number = u32"),
            takes("number = u8"),
            &[
                "number-narrowed C- c.m: the argument `a` is u8 now (was u32): clients built before this fail with invalid_argument when they send more than 255",
            ],
        ),
        (
            takes("number = f64"),
            takes("number = i32"),
            &[
                "number-narrowed C- c.m: the argument `a` is i32 now (was f64): clients built before this fail with invalid_argument when they send a fraction, less than -2147483648 or more than 2147483647",
            ],
        ),
        (
            takes("number = i32"),
            takes("number = u32"),
            &[
                "number-narrowed CS c.m: the argument `a` is u32 now (was i32): clients built after this fail with invalid_argument at older servers when they send more than 2147483647; clients built before this fail with invalid_argument when they send less than 0",
            ],
        ),
        (
            gives("number = f64"),
            gives("number = i32"),
            &[
                "number-narrowed -r c.m: the value is i32 now (was f64): clients in Rust built after this fail to read it from older servers when it is a fraction, less than -2147483648 or more than 2147483647",
            ],
        ),
        (
            takes("string = String"),
            takes("string = Uuid"),
            &[
                "string-form C- c.m: the argument `a` is Uuid now (was any text): clients built before this fail with invalid_argument",
            ],
        ),
        (
            gives("string = Uuid"),
            gives("string = String"),
            &[
                "string-form r- c.m: the value is any text now (was Uuid): clients in Rust built before this fail to read it",
            ],
        ),
        (
            takes("number"),
            takes("number | string"),
            &[
                "type-widened -S c.m: the argument `a` may be `string` now: clients built after this fail with invalid_argument at older servers",
            ],
        ),
        (
            takes("number | string"),
            takes("number"),
            &[
                "type-narrowed C- c.m: the argument `a` is `string` no more: clients built before this fail with invalid_argument",
            ],
        ),
        (
            gives("unknown"),
            gives("string"),
            &[
                "type-narrowed -S c.m: the value is `string` now (was `unknown`): clients built after this read a value of another type from older servers",
            ],
        ),
        (
            takes("number"),
            takes("string"),
            &[
                "type-changed CS c.m: the argument `a` is `string` now (was `number`): clients built after this fail with invalid_argument at older servers; clients built before this fail with invalid_argument",
            ],
        ),
        (
            takes("number[] = Vec<u8>"),
            takes("[number, number] = [u8; 2]"),
            &[
                "array-tuple C- c.m: the argument `a` is `[u8, u8]` now (was `u8[]`): clients built before this fail with invalid_argument",
            ],
        ),
        (
            gives("[number, number]"),
            gives("number[]"),
            &[
                "array-tuple C- c.m: the value is `number[]` now (was `[number, number]`): clients built before this read a value of another type",
            ],
        ),
        (
            takes("[number]"),
            takes("[number, number]"),
            &[
                "tuple-length CS c.m: the argument `a` has 2 elements (was 1): clients built after this fail with invalid_argument at older servers; clients built before this fail with invalid_argument",
            ],
        ),
        (
            gives("[number]"),
            gives("[number, number]"),
            &[
                "tuple-length rS c.m: the value has 2 elements (was 1): clients built after this read `undefined` from older servers; clients in Rust built before this fail to read it",
            ],
        ),
        (
            takes("{ [key in string]: number } = HashMap<String, u8>"),
            takes("{ [key in number]: number } = HashMap<u32, u8>"),
            &[
                "map-key C- c.m: a key of the argument `a` is `u32` now (was `string`): clients built before this fail with invalid_argument",
            ],
        ),
        (
            gives("Map<string, number>"),
            gives("Map<number, number>"),
            &[
                "map-key CS c.m: a key of the value is `number` now (was `string`): clients built after this read a value of another type from older servers; clients built before this read a value of another type",
            ],
        ),
        (
            takes("number = u64"),
            takes("bigint = Exact<u64>"),
            &[
                "exact CS c.m: the argument `a` is `Exact<u64>` now (was `u64`): clients built after this fail with invalid_argument at older servers; clients built before this fail with invalid_argument",
            ],
        ),
        (
            takes("string[] = Vec<String>"),
            takes("Set<string> = Exact<HashSet<String>>"),
            &[
                "exact C- c.m: the argument `a` is `Set<string>` now (was `string[]`): clients built before this fail with invalid_argument",
            ],
        ),
        (
            takes("string = DateTime<Utc>"),
            takes("Date = Exact<DateTime<Utc>>"),
            &["exact -- c.m: the argument `a` is `Date` now (was `DateTime`)"],
        ),
        (
            takes("keyof A"),
            takes("keyof B"),
            &[
                "unreadable CS c.m: the argument `a` is `keyof B` now (was `keyof A`): clients built after this fail with invalid_argument at older servers; clients built before this fail with invalid_argument",
            ],
        ),
    ]
}

#[test]
fn each_rule_says_what_happens_to_whom() {
    for (old, new, expected) in rows() {
        assert_lines(&old, &new, expected);
    }
}

#[test]
fn what_breaks_clients_one_way_breaks_servers_the_other_way() {
    let worst = |old: &Lock, new: &Lock, whom: fn(&Finding) -> Breaks| {
        let report = compare(old, new);
        report.findings.iter().map(whom).max().unwrap_or_default()
    };
    for (old, new, _) in rows() {
        let (there, back) = (
            worst(&old, &new, |finding| finding.clients),
            worst(&new, &old, |finding| finding.servers),
        );
        assert_eq!(there, back, "{:?} {:?}", lines(&old, &new), lines(&new, &old));
    }
}

/// [docs/CONTRACTS.md]
#[test]
fn every_rule_is_in_the_docs_and_in_a_row() {
    let docs = include_str!("../../../../docs/CONTRACTS.md");
    let shown: BTreeSet<_> = rows()
        .iter()
        .flat_map(|(old, new, _)| compare(old, new).findings)
        .map(|finding| finding.rule)
        .collect();
    let titles: Vec<_> = docs
        .lines()
        .filter_map(|line| line.strip_prefix("#### `")?.strip_suffix('`'))
        .collect();
    let ids: Vec<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();

    assert_eq!(
        titles, ids,
        "docs/CONTRACTS.md has a paragraph for each rule, in the order of Rule::ALL"
    );
    let missing: Vec<_> = Rule::ALL.iter().filter(|rule| !shown.contains(rule)).collect();
    assert_eq!(missing, [&Rule::ALL[0]; 0], "no row shows these");
}
