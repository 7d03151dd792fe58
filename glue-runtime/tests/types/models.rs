//! Models: every shape and every serde attribute that `#[glue::model]` lets through.

#![allow(dead_code)] // fields are there for serde

use std::collections::BTreeMap;

use crate::mirror::{Mirror, mirrors, sends};

#[glue::model]
#[derive(Debug, Clone)]
struct Named {
    text: String,
    count: u32,
}

fn named() -> Named {
    Named {
        text: "a".into(),
        count: 1,
    }
}

#[glue::model]
#[derive(Debug)]
struct Unit;

#[glue::model]
#[derive(Debug)]
struct EmptyNamed {}

#[glue::model]
#[derive(Debug)]
struct EmptyTuple();

#[glue::model]
#[derive(Debug)]
struct Newtype(u32);

#[glue::model]
#[derive(Debug)]
struct Pair(u32, Option<String>);

#[test]
fn structs_of_every_form() {
    mirrors([named()]);
    mirrors([Unit]);
    mirrors([EmptyNamed {}]);
    mirrors([EmptyTuple()]);
    mirrors([Newtype(1)]);
    mirrors([Pair(1, None)]);
}

#[glue::model]
#[derive(Debug)]
struct SkipOnly {
    #[serde(skip)]
    _hidden: u8,
}

#[test]
fn a_struct_without_fields_left() {
    mirrors([SkipOnly { _hidden: 0 }]);
}

#[glue::model]
#[derive(Debug)]
struct HalfSkipped(#[serde(skip)] u8, u8);

#[test]
fn a_tuple_without_its_skipped_field() {
    mirrors([HalfSkipped(0, 1)]);
}

#[glue::model]
#[serde(transparent)]
#[derive(Debug)]
struct Transparent(u32);

#[test]
fn a_transparent_newtype() {
    mirrors([Transparent(1)]);
}

#[glue::model]
#[serde(tag = "type")]
#[derive(Debug)]
struct Tagged {
    text: String,
}

#[test]
fn a_struct_with_a_tag() {
    mirrors([Tagged { text: "a".into() }]);
}

#[glue::model]
#[serde(tag = "type", rename = "other")]
#[derive(Debug)]
struct TaggedRenamed {
    text: String,
}

#[test]
fn a_tag_is_the_name_of_serde() {
    mirrors([TaggedRenamed { text: "a".into() }]);
}

#[glue::model]
#[serde(tag = "type")]
#[derive(Debug)]
struct TaggedEmpty {}

#[test]
fn a_tag_alone() {
    mirrors([TaggedEmpty {}]);
}

#[glue::model]
#[derive(Debug)]
struct HoldsTagged {
    #[serde(flatten)]
    tagged: Tagged,
    more: u8,
}

#[test]
fn a_flattened_struct_brings_its_tag() {
    mirrors([HoldsTagged {
        tagged: Tagged { text: "a".into() },
        more: 1,
    }]);
}

macro_rules! shapes {
    ($($name:ident $(#[$attr:meta])*;)*) => { $(
        #[allow(non_camel_case_types)]
        #[glue::model]
        $(#[$attr])*
        #[derive(Debug)]
        enum $name {
            Unit,
            EmptyNamed {},
            EmptyTuple(),
            Newtype(Named),
            NewtypeUnit(Unit),
            NewtypeOption(Option<Named>),
            Pair(u8, String),
            Named { text: String, other_count: Option<u8> },
            #[serde(rename = "re named")]
            Renamed(Newtype2),
            #[serde(skip)]
            #[allow(dead_code)]
            Hidden(std::time::Instant),
        }
        impl $name {
            fn all() -> Vec<Self> {
                vec![
                    Self::Unit,
                    Self::EmptyNamed {},
                    Self::EmptyTuple(),
                    Self::Newtype(named()),
                    Self::NewtypeUnit(Unit),
                    Self::NewtypeOption(None),
                    Self::NewtypeOption(Some(named())),
                    Self::Pair(1, "a".into()),
                    Self::Named { text: "a".into(), other_count: None },
                    Self::Renamed(Newtype2(named())),
                ]
            }
        }
    )* };
}

#[glue::model]
#[derive(Debug)]
struct Newtype2(Named);

shapes! {
    External;
    ExternalRenamed #[serde(rename_all = "SCREAMING-KEBAB-CASE", rename_all_fields = "camelCase")];
    Adjacent #[serde(tag = "kind", content = "value")];
    AdjacentRenamed #[serde(tag = "kind", content = "value", rename_all = "camelCase")];
}

#[test]
fn an_enum_by_names() {
    mirrors(External::all());
}

#[test]
fn an_enum_by_changed_names() {
    mirrors(ExternalRenamed::all());
}

#[test]
fn an_enum_with_tag_and_content() {
    mirrors(Adjacent::all());
}

#[test]
fn an_enum_with_tag_content_and_changed_names() {
    mirrors(AdjacentRenamed::all());
}

#[glue::model]
#[serde(tag = "kind")]
#[derive(Debug)]
enum Internal {
    Unit,
    EmptyNamed {},
    Newtype(Named),
    Twice(Newtype2),
    Named { text: String, other_count: Option<u8> },
}

#[test]
fn an_enum_with_a_tag() {
    mirrors([
        Internal::Unit,
        Internal::EmptyNamed {},
        Internal::Newtype(named()),
        Internal::Twice(Newtype2(named())),
        Internal::Named {
            text: "a".into(),
            other_count: None,
        },
    ]);
}

#[glue::model]
#[serde(tag = "kind")]
#[derive(Debug)]
enum InternalEmpty {
    EmptyStruct(EmptyNamed),
}

#[test]
fn a_tag_before_an_empty_struct() {
    mirrors([InternalEmpty::EmptyStruct(EmptyNamed {})]);
}

#[glue::model]
#[serde(tag = "kind")]
#[derive(Debug)]
enum InternalSkipped {
    Skipped(#[serde(skip)] u8),
}

#[test]
fn a_tag_without_the_skipped_field() {
    mirrors([InternalSkipped::Skipped(0)]);
}

#[glue::model]
#[serde(tag = "kind")]
#[derive(Debug)]
enum InternalEnum {
    Inner(External),
}

#[test]
fn an_enum_inside_an_enum_with_a_tag() {
    sends([InternalEnum::Inner(External::Newtype(named()))]);
}

#[glue::model]
#[serde(untagged)]
#[derive(Debug)]
enum Untagged {
    Text(String),
    Number(u32),
    Named { text: String },
    Pair(u8, u8),
    Unit,
}

#[test]
fn an_untagged_enum() {
    mirrors([
        Untagged::Text("a".into()),
        Untagged::Number(1),
        Untagged::Named { text: "a".into() },
        Untagged::Pair(1, 2),
        Untagged::Unit,
    ]);
}

#[glue::model]
#[serde(untagged)]
#[derive(Debug)]
enum UntaggedEmpty {
    Tuple(),
    Named {},
}

#[test]
fn an_untagged_enum_of_empty_variants() {
    mirrors([UntaggedEmpty::Tuple(), UntaggedEmpty::Named {}]);
}

#[glue::model]
#[derive(Debug)]
enum PartlyUntagged {
    Tagged(u8),
    #[serde(untagged)]
    Plain(String),
    #[serde(untagged)]
    Object {
        text: String,
    },
}

#[test]
fn an_enum_with_untagged_variants() {
    mirrors([
        PartlyUntagged::Tagged(1),
        PartlyUntagged::Plain("a".into()),
        PartlyUntagged::Object { text: "a".into() },
    ]);
}

#[glue::model]
#[derive(Debug)]
enum SkippedFields {
    Newtype(#[serde(skip)] u8),
    Pair(#[serde(skip)] u8, u8),
    Named {
        #[serde(skip)]
        _a: u8,
    },
    NamedTwo {
        #[serde(skip)]
        _a: u8,
        b: u8,
    },
}

#[test]
fn a_variant_without_its_skipped_field() {
    sends([SkippedFields::Newtype(0)]);
}

#[test]
fn a_tuple_variant_without_its_skipped_field() {
    sends([SkippedFields::Pair(0, 1)]);
}

#[test]
fn a_struct_variant_without_its_skipped_field() {
    sends([
        SkippedFields::Named { _a: 0 },
        SkippedFields::NamedTwo { _a: 0, b: 1 },
    ]);
}

#[glue::model]
#[serde(tag = "t", content = "c")]
#[derive(Debug)]
enum SkippedFieldsAdjacent {
    Pair(#[serde(skip)] u8, u8),
    Named {
        #[serde(skip)]
        _a: u8,
    },
}

#[test]
fn content_without_the_skipped_field() {
    sends([SkippedFieldsAdjacent::Pair(0, 1)]);
}

#[test]
fn content_without_fields_left() {
    sends([SkippedFieldsAdjacent::Named { _a: 0 }]);
}

#[glue::model]
#[serde(untagged)]
#[derive(Debug)]
enum SkippedFieldsUntagged {
    Newtype(#[serde(skip)] u8),
    Pair(#[serde(skip)] u8, u8),
}

#[test]
fn an_untagged_variant_without_its_skipped_field() {
    sends([SkippedFieldsUntagged::Newtype(0)]);
}

#[test]
fn an_untagged_tuple_without_its_skipped_field() {
    sends([SkippedFieldsUntagged::Pair(0, 1)]);
}

#[glue::model]
#[derive(Debug)]
struct Flat {
    #[serde(flatten)]
    named: Named,
    #[serde(flatten)]
    kind: Internal,
    more: u8,
}

#[test]
fn flattened_structs_and_enums() {
    sends([Flat {
        named: named(),
        kind: Internal::Unit,
        more: 1,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct FlatExternal {
    #[serde(flatten)]
    kind: External,
    more: u8,
}

#[test]
fn a_flattened_enum_by_names() {
    sends([FlatExternal {
        kind: External::Newtype(named()),
        more: 1,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct FlatAdjacent {
    #[serde(flatten)]
    kind: Adjacent,
    more: u8,
}

#[test]
fn a_flattened_enum_with_tag_and_content() {
    sends(
        Adjacent::all()
            .into_iter()
            .map(|kind| FlatAdjacent { kind, more: 1 }),
    );
}

#[glue::model]
#[derive(Debug)]
struct FlatUntagged {
    #[serde(flatten)]
    kind: UntaggedObjects,
    more: u8,
}

#[glue::model]
#[serde(untagged)]
#[derive(Debug)]
enum UntaggedObjects {
    A { a: u8 },
    B { b: u8 },
}

#[test]
fn a_flattened_untagged_enum() {
    mirrors([FlatUntagged {
        kind: UntaggedObjects::B { b: 1 },
        more: 1,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct FlatGeneric<T> {
    #[serde(flatten)]
    inner: T,
    more: u8,
}

#[test]
fn a_flattened_type_parameter() {
    mirrors([FlatGeneric {
        inner: named(),
        more: 1,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct Inner<T> {
    value: T,
}

#[glue::model]
#[derive(Debug)]
struct FlatOfGeneric<T> {
    #[serde(flatten)]
    inner: Inner<T>,
    more: u8,
}

#[test]
fn a_flattened_generic_struct() {
    mirrors([FlatOfGeneric {
        inner: Inner { value: 1_u8 },
        more: 1,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct FlatMap {
    #[serde(flatten)]
    inner: BTreeMap<String, u8>,
}

#[test]
fn a_flattened_map_alone() {
    mirrors([FlatMap {
        inner: BTreeMap::from([("a".into(), 1)]),
    }]);
}

#[glue::model]
#[derive(Debug)]
struct FlatBox {
    #[serde(flatten)]
    inner: Box<Named>,
    more: u8,
}

#[test]
fn a_flattened_box() {
    mirrors([FlatBox {
        inner: Box::new(named()),
        more: 1,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct Optional {
    plain: Option<u8>,
    #[serde(default)]
    with_default: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_out: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    never_null: Option<u8>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<u8>,
    #[serde(default)]
    number: u8,
}

#[test]
fn fields_that_may_be_left_out() {
    mirrors([Optional {
        plain: None,
        with_default: None,
        left_out: None,
        never_null: None,
        list: vec![],
        number: 1,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct OptionalNullable {
    #[ts(optional = nullable)]
    a: Option<u8>,
    #[ts(optional = nullable)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    b: Option<u8>,
}

#[test]
fn fields_that_may_be_left_out_or_null() {
    mirrors([OptionalNullable { a: None, b: None }]);
}

#[glue::model]
#[serde(default)]
#[derive(Debug, Default)]
struct ContainerDefault {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<u8>,
    number: u8,
}

#[test]
fn fields_with_defaults_of_the_type() {
    mirrors([ContainerDefault::default()]);
}

#[glue::model]
#[derive(Debug)]
struct Unsent {
    #[serde(default, skip_serializing)]
    secret: u8,
}

#[test]
fn a_field_that_is_only_read() {
    mirrors([Unsent { secret: 1 }]);
}

#[glue::model]
#[derive(Debug)]
struct Tup(
    u8,
    #[serde(default, skip_serializing_if = "Option::is_none")] Option<u8>,
);

#[test]
fn a_last_element_that_may_be_left_out() {
    mirrors([Tup(1, None), Tup(1, Some(2))]);
}

#[glue::model]
#[derive(Debug)]
struct TupDefault(u8, #[serde(default)] u8);

#[test]
fn a_last_element_with_a_default() {
    mirrors([TupDefault(1, 2)]);
}

#[glue::model]
#[serde(deny_unknown_fields)]
#[derive(Debug)]
struct Deny {
    #[serde(alias = "other")]
    a: u8,
}

#[test]
fn unknown_fields_denied() {
    mirrors([Deny { a: 1 }]);
}

#[glue::model]
#[derive(Debug)]
struct Odd {
    r#type: u8,
    #[serde(rename = "with space")]
    b: u8,
    #[serde(rename = "1")]
    c: u8,
    ünï: u8,
}

#[test]
fn names_that_need_quotes() {
    mirrors([Odd {
        r#type: 1,
        b: 1,
        c: 1,
        ünï: 1,
    }]);
}

#[glue::model]
#[serde(rename = "Elsewhere")]
#[derive(Debug)]
struct RenamedStruct {
    a: u8,
}

#[test]
fn a_renamed_struct() {
    assert_eq!(mirrors([RenamedStruct { a: 1 }]).text(), "Elsewhere");
}

#[glue::model]
#[derive(Debug)]
struct Inlined {
    #[ts(inline)]
    named: Named,
    #[ts(inline)]
    kind: External,
    #[ts(inline)]
    option: Option<Named>,
}

#[test]
fn inlined_types() {
    sends([Inlined {
        named: named(),
        kind: External::Unit,
        option: None,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct Tree {
    children: Vec<Tree>,
    parent: Option<Box<Tree>>,
}

#[test]
fn recursive_types() {
    mirrors([Tree {
        children: vec![Tree {
            children: vec![],
            parent: None,
        }],
        parent: None,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct Generic<T, U = u8> {
    t: Vec<T>,
    u: Option<U>,
    pair: (T, U),
}

#[test]
fn generic_types() {
    mirrors([Generic {
        t: vec![named()],
        u: Some(1_u8),
        pair: (named(), 1),
    }]);
    mirrors([Inner {
        value: Inner { value: Some(1_u64) },
    }]);
}

#[glue::model]
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    A,
    B,
}

#[glue::model]
#[derive(Debug)]
struct Keyed {
    map: BTreeMap<Key, u8>,
    ids: BTreeMap<Id, u8>,
}

#[glue::model]
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Id(u32);

#[test]
fn enums_and_newtypes_as_keys() {
    mirrors([Keyed {
        map: BTreeMap::from([(Key::A, 1)]),
        ids: BTreeMap::from([(Id(1), 1)]),
    }]);
}

#[glue::model]
#[derive(Debug)]
enum Never {}

#[test]
fn an_enum_without_variants() {
    assert_eq!(Mirror::of::<Never>().text(), "Never");
}

#[glue::model]
#[serde(untagged)]
#[derive(Debug)]
enum Single {
    Only(Named),
}

#[test]
fn an_untagged_enum_of_one_variant() {
    mirrors([Single::Only(named())]);
}

#[glue::model]
#[derive(Debug)]
struct Wide {
    a: u128,
    b: i128,
    c: usize,
    range: std::ops::Range<u8>,
    result: Result<u8, String>,
}

#[test]
fn types_of_std_inside() {
    sends([Wide {
        a: 1,
        b: 1,
        c: 1,
        range: 0..1,
        result: Ok(1),
    }]);
}

#[glue::model]
#[derive(Debug)]
struct ResultOfOption {
    result: Result<Option<u8>, ()>,
}

#[test]
fn an_option_in_a_result() {
    mirrors([ResultOfOption { result: Ok(None) }]);
}

#[glue::model]
#[derive(Debug)]
#[serde(rename_all_fields = "camelCase", tag = "t")]
enum Fields {
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    A { some_name: u8 },
    B {
        some_name: u8,
        #[serde(rename = "x")]
        y: u8,
    },
}

#[test]
fn fields_renamed_by_enum_and_variant() {
    mirrors([Fields::A { some_name: 1 }, Fields::B { some_name: 1, y: 1 }]);
}

#[glue::model]
#[derive(Debug)]
struct OptionUnion {
    a: Option<Vec<Option<External>>>,
    b: (Option<u8>, Option<External>),
    c: Vec<(u8, Option<Untagged>)>,
}

#[test]
fn unions_in_lists_and_tuples() {
    sends([OptionUnion {
        a: Some(vec![None, Some(External::Unit)]),
        b: (None, Some(External::Unit)),
        c: vec![(1, None)],
    }]);
}

#[glue::model]
#[derive(Debug)]
struct InnerNewtypeOption(Option<u8>);
#[glue::model]
#[derive(Debug)]
struct HoldsNewtypeOption {
    a: InnerNewtypeOption,
}

#[test]
fn an_option_in_a_newtype() {
    mirrors([HoldsNewtypeOption {
        a: InnerNewtypeOption(None),
    }]);
}

#[glue::model]
#[derive(Debug)]
struct UnitField {
    a: (),
    c: [Unit; 2],
}

#[test]
fn units_inside() {
    sends([UnitField {
        a: (),
        c: [Unit, Unit],
    }]);
}

#[glue::model]
#[serde(tag = "kind")]
#[derive(Debug)]
enum InternalFlat {
    A {
        #[serde(flatten)]
        named: Named,
        x: u8,
    },
    B {
        #[serde(flatten)]
        named: Named,
    },
}

#[test]
fn flattened_fields_of_variants_with_a_tag() {
    mirrors([
        InternalFlat::A { named: named(), x: 1 },
        InternalFlat::B { named: named() },
    ]);
}

#[glue::model]
#[derive(Debug)]
enum ExternalFlat {
    A {
        #[serde(flatten)]
        kind: Internal,
        x: u8,
    },
}

#[test]
fn flattened_fields_of_variants() {
    mirrors([ExternalFlat::A {
        kind: Internal::Unit,
        x: 1,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct FlatTwoEnums {
    #[serde(flatten)]
    a: UntaggedObjects,
    #[serde(flatten)]
    b: Internal,
}

#[test]
fn two_flattened_enums() {
    sends([FlatTwoEnums {
        a: UntaggedObjects::A { a: 1 },
        b: Internal::Newtype(named()),
    }]);
}

#[glue::model]
#[derive(Debug)]
struct Bound<T: Clone> {
    a: T,
}

#[test]
fn a_bound_on_a_type_parameter() {
    mirrors([Bound { a: 1_u8 }]);
}

#[glue::model]
#[serde(tag = "t")]
#[derive(Debug)]
enum InternalWide {
    B {
        m: BTreeMap<u32, u8>,
    },
    D {
        f: BTreeMap<char, u8>,
        k: BTreeMap<Key, u8>,
    },
    E {
        x: f32,
        c: char,
        p: (u8, u8),
    },
}

#[test]
fn numbers_as_keys_behind_a_tag() {
    sends([InternalWide::B {
        m: BTreeMap::from([(1, 1)]),
    }]);
}

#[test]
fn characters_and_enums_as_keys_behind_a_tag() {
    sends([InternalWide::D {
        f: BTreeMap::from([('a', 1)]),
        k: BTreeMap::from([(Key::A, 1)]),
    }]);
}

#[test]
fn floats_characters_and_tuples_behind_a_tag() {
    sends([InternalWide::E {
        x: 0.1,
        c: 'a',
        p: (1, 1),
    }]);
}

#[glue::model]
#[serde(untagged)]
#[derive(Debug)]
enum UntaggedWide {
    B { m: BTreeMap<u32, u8> },
}

#[test]
fn floats_come_back_to_the_bit() {
    for float in [
        -1.007_688_825_035_886_8e-258,
        2.276_892_995_178_768_5e-10,
        f64::MIN_POSITIVE,
    ] {
        let json = serde_json::to_string(&float).unwrap();
        let back: f64 = serde_json::from_str(&json).unwrap();
        assert_eq!(back.to_bits(), float.to_bits(), "{json}");
    }
}

#[test]
fn numbers_as_keys_without_a_tag() {
    sends([UntaggedWide::B {
        m: BTreeMap::from([(1, 1)]),
    }]);
}

#[glue::model]
#[serde(tag = "t", content = "c")]
#[derive(Debug)]
enum AdjWide {
    B { m: BTreeMap<u32, u8> },
}

#[test]
fn numbers_as_keys_in_content_that_comes_first() {
    sends([AdjWide::B {
        m: BTreeMap::from([(1, 1)]),
    }]);
    let v: AdjWide = serde_json::from_str(r#"{"c":{"m":{"1":1}},"t":"B"}"#).unwrap();
    drop(v);
}

#[glue::model]
#[derive(Debug)]
struct FlatKeys {
    #[serde(flatten)]
    inner: FlatKeysInner,
    more: u8,
}

#[glue::model]
#[derive(Debug)]
struct FlatKeysInner {
    m: BTreeMap<u32, u8>,
}

#[test]
fn numbers_as_keys_in_a_flattened_struct() {
    sends([FlatKeys {
        inner: FlatKeysInner {
            m: BTreeMap::from([(1, 1)]),
        },
        more: 1,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct FlatBeside {
    #[serde(flatten)]
    inner: Named,
    m: BTreeMap<u32, u8>,
    w: u128,
}

#[test]
fn numbers_as_keys_beside_a_flattened_struct() {
    sends([FlatBeside {
        inner: named(),
        m: BTreeMap::from([(1, 1)]),
        w: 1,
    }]);
}

#[glue::model]
#[derive(Debug)]
struct FlatDenied {
    #[serde(flatten)]
    inner: Deny,
    more: u8,
}

#[test]
fn unknown_fields_denied_by_a_flattened_struct() {
    mirrors([FlatDenied {
        inner: Deny { a: 1 },
        more: 1,
    }]);
}

#[glue::model]
#[serde(tag = "t")]
#[derive(Debug)]
enum InternalDenied {
    A(Deny),
}

#[test]
fn unknown_fields_denied_behind_a_tag() {
    mirrors([InternalDenied::A(Deny { a: 1 })]);
}

#[glue::model]
#[serde(tag = "t", content = "c")]
#[derive(Debug)]
enum PartlyUntaggedAdjacent {
    A {
        a: u8,
    },
    #[serde(untagged)]
    B {
        b: u8,
    },
    #[serde(untagged)]
    C(String),
    #[serde(untagged)]
    D,
}

#[test]
fn untagged_variants_beside_tag_and_content() {
    mirrors([PartlyUntaggedAdjacent::B { b: 1 }, PartlyUntaggedAdjacent::D]);
}

#[glue::model]
#[serde(tag = "t")]
#[derive(Debug)]
enum PartlyUntaggedInternal2 {
    A {
        a: u8,
    },
    #[serde(untagged)]
    C(Named),
    #[serde(untagged)]
    D,
}

#[test]
fn untagged_variants_beside_a_tag() {
    mirrors([PartlyUntaggedInternal2::C(named()), PartlyUntaggedInternal2::D]);
}

#[glue::model]
#[serde(tag = "t")]
#[derive(Debug)]
enum GenericInternal<T> {
    A(T),
    B { v: T },
}

#[test]
fn a_generic_enum_with_a_tag() {
    mirrors([GenericInternal::A(named()), GenericInternal::B { v: named() }]);
}

#[glue::model]
#[serde(bound = "T: Clone + serde::Serialize + serde::de::DeserializeOwned")]
#[derive(Debug)]
struct SerdeBound<T: Clone> {
    a: T,
}

#[test]
fn bounds_for_serde() {
    mirrors([SerdeBound { a: 1_u8 }]);
}

#[glue::model]
#[derive(Debug)]
#[serde(untagged)]
enum UntaggedNewtypeUnit {
    A(()),
    B(Option<Named>),
    C(Vec<Unit>),
}

#[test]
fn nulls_without_a_tag() {
    mirrors([UntaggedNewtypeUnit::A(()), UntaggedNewtypeUnit::C(vec![Unit])]);
}

#[glue::model]
#[serde(default)]
#[derive(Debug, Default)]
struct AllDefault {
    a: u8,
    b: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    c: Option<u8>,
}

#[test]
fn options_with_defaults_of_the_type() {
    mirrors([AllDefault::default()]);
}

#[glue::model]
#[derive(Debug)]
#[serde(rename_all = "camelCase")]
struct InlineFlat {
    #[serde(flatten)]
    inner: Box<Generic<u8>>,
    #[ts(inline)]
    other_thing: Vec<Named>,
}

#[test]
fn an_inlined_list_and_a_flattened_box() {
    mirrors([InlineFlat {
        inner: Box::new(Generic {
            t: vec![1],
            u: None,
            pair: (1, 1),
        }),
        other_thing: vec![named()],
    }]);
}

#[glue::model]
#[derive(Debug)]
struct Owned {
    a: std::borrow::Cow<'static, str>,
    b: Box<[Named]>,
}

#[test]
fn owned_values_behind_pointers() {
    mirrors([Owned {
        a: "a".into(),
        b: Box::new([named()]),
    }]);
}

#[glue::model]
#[serde(untagged)]
#[derive(Debug)]
enum Flags {
    Flags { flags: BTreeMap<bool, u8> },
}

#[test]
fn flags_as_keys_without_a_tag() {
    sends([Flags::Flags {
        flags: BTreeMap::from([(true, 1)]),
    }]);
}
