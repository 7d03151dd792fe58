//! Gathers the errors of one expansion, so that all mistakes are shown at once.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// The errors found so far.
#[derive(Debug)]
pub(crate) struct Ctxt {
    /// `None` once they were taken by [`Ctxt::finish`].
    errors: RefCell<Option<Vec<Error>>>,
}

impl Ctxt {
    pub(crate) fn new() -> Self {
        Self {
            errors: RefCell::new(Some(Vec::new())),
        }
    }

    /// Returns the errors as `compile_error!` items.
    pub(crate) fn finish(self) -> TokenStream {
        let errors = self.errors.take().unwrap_or_default();
        errors.iter().map(Error::to_compile_error).collect()
    }

    /// Adds an error that underlines `tokens`.
    pub(crate) fn error(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(Error::new_spanned(tokens, message));
    }

    /// Adds an error at `span`.
    pub(crate) fn error_at(&self, span: Span, message: impl Display) {
        self.push(Error::new(span, message));
    }

    pub(crate) fn push(&self, error: Error) {
        if let Some(errors) = self.errors.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.errors.borrow().as_ref().map_or(0, Vec::len)
    }
}

impl Drop for Ctxt {
    fn drop(&mut self) {
        // Errors that are never shown would let a broken trait compile.
        assert!(
            self.errors.borrow().is_none() || std::thread::panicking(),
            "the errors of an expansion were dropped"
        );
    }
}
