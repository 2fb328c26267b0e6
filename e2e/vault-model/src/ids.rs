//! Names in the forms that Vault uses, the same ones for the same seed.

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// How many letters one number is good for: 62 to the power of ten is less than two to the 64.
const LETTERS_OF_A_NUMBER: usize = 10;

/// A source of names. For names that cannot be guessed, seed it from the system.
#[derive(Debug)]
pub(crate) struct Ids {
    state: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number, by the algorithm `SplitMix64`.
    pub(crate) fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `length` letters and digits.
    pub(crate) fn letters(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length);
        let mut left = 0;
        for index in 0..length {
            if index % LETTERS_OF_A_NUMBER == 0 {
                left = self.number();
            }
            let letter = usize::try_from(left % 62).unwrap_or_default();
            text.push(char::from(ALPHABET[letter]));
            left /= 62;
        }
        text
    }

    /// In the form of a UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let digits = u128::from(self.number()) << 64 | u128::from(self.number());
        let mut text = String::with_capacity(36);
        for place in 0..32 {
            if let 8 | 12 | 16 | 20 = place {
                text.push('-');
            }
            let digit = usize::try_from(digits >> (124 - 4 * place) & 0xf).unwrap_or_default();
            text.push(char::from(HEXADECIMAL[digit]));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_names_and_another_gives_others() {
        let names = |seed| {
            let mut ids = Ids::new(seed);
            (ids.letters(24), ids.letters(24), ids.uuid())
        };
        let (first, second, uuid) = names(7);
        assert_eq!((first.clone(), second.clone(), uuid.clone()), names(7));
        assert_ne!(first, second);
        assert_ne!(first, names(8).0);
        assert_eq!((first.len(), uuid.len()), (24, 36));
        assert!(first.chars().all(|letter| letter.is_ascii_alphanumeric()));
    }
}
