//! Has no code: it makes a first build some 15 s shorter on two cores.
//!
//! Of the crates that can be compiled next, cargo takes one that most others wait for, directly or not. All of the SDK's clients have the same
//! number of those, `shared` and its users, and cargo took any of them first. If the two largest came last, one of them after the other, then a
//! core was idle for as long as a client takes. Both have a user more here, so cargo compiles them first, and side by side.
