//! Tables of Markdown pages.

/// Returns the rows of the first table under a heading, without its head.
pub(crate) fn table(markdown: &str, heading: &str) -> Vec<Vec<String>> {
    let lines = markdown.lines().skip_while(|line| *line != heading).skip(1);
    let mut rows = lines
        .take_while(|line| !line.starts_with('#'))
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().to_owned())
                .collect()
        })
        .collect::<Vec<Vec<String>>>();
    assert!(rows.len() > 2, "no table under `{heading}`");
    rows.drain(..2);
    rows
}

/// Returns what a cell quotes in backticks.
pub(crate) fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_from_the_table_under_the_heading() {
        let page = "| x |\n# A\n\n| h | i |\n| --- | --- |\n| `a`, `b` | – |\n\n# B\n| j |\n| --- |\n| k |\n";

        assert_eq!(table(page, "# A"), [["`a`, `b`", "–"]]);
        assert_eq!(quoted("`a`, not b, `c::d`"), ["a", "c::d"]);
    }
}
