//! What a change of the contract does to clients and servers that were built before it.
