//! Programs that are spoken to in lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::run::{Failure, cannot_run};

/// A running program; it is ended with this value.
pub(crate) struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| cannot_run(command, &error))?;
        let input = child.stdin.take().expect("its input is a pipe");
        let output = child.stdout.take().expect("its output is a pipe");
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
        })
    }

    /// Writes an order and waits for the answer.
    pub(crate) fn ask(&mut self, order: &str) -> Result<String, Failure> {
        // Where it can't be written there will be no answer.
        let _ = writeln!(self.input, "{order}");
        self.answer()
    }

    pub(crate) fn answer(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(length) if length > 0 => Ok(line.trim_end().to_owned()),
            _ => Err(Failure::new("a program has ended before its time; see above")),
        }
    }

    /// Returns the number by which the system knows it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the number of this name in a JSON object that holds nothing else than numbers.
pub(crate) fn number(object: &str, name: &str) -> Result<u64, Failure> {
    let members = object.trim_matches(['{', '}']).split(',');
    let mut members = members.filter_map(|member| member.split_once(':'));
    let value = members.find(|(key, _)| key.trim_matches('"') == name);
    let value = value.and_then(|(_, value)| value.parse().ok());
    value.ok_or_else(|| Failure::new(format!("no `{name}` in {object} (only Linux tells all)")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_names() {
        let object = r#"{"port":8080,"files":null,"open":3}"#;

        assert_eq!(number(object, "open").unwrap(), 3);
        assert!(number(object, "files").is_err());
    }
}
