//! Prints `docs/annotations.md` from the annotation table.

#[expect(
    clippy::print_stdout,
    reason = "printing the page is all that this program does"
)]
fn main() {
    print!("{}", contract::annotations::reference_markdown());
}
