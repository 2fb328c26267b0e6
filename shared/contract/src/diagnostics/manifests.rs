//! 14xx: files and documents that `lint` and `inject` read.

diagnostics! {
    REFUSED = 1401:
        "`pods will be refused: …`",
        "the workload is accepted, and each of its pods will be denied",
        "the rest of the message says why; its own code has the row";
}
