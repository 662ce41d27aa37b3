//! Has no code: it makes a first build some 15 s shorter on two cores.
//!
//! Of the crates that can be compiled next, cargo takes one that most others wait for, directly or not. Of the SDK's clients, DynamoDB's comes
//! first, since `contract` waits for it, too. The others had the same number, `shared` and its users, and cargo took any of them. If the two
//! largest came last, one after the other, then a core was idle for as long as a client takes. Both have a user more here, so cargo compiles
//! them before the smaller ones, and side by side.
