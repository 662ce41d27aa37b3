//! French typography (Imprimerie nationale, "Lexique des règles typographiques").

/// The marks of a French text that lack their no-break space, each with what stands around it. Addresses, tags and entities
/// are left out.
pub fn misprints(text: &str) -> Vec<String> {
    let words: String = text.split('<').map(|part| part.split_once('>').map_or(part, |(_, words)| words)).collect();
    let words =
        ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].iter().fold(words, |text, entity| text.replace(entity, ""));
    let lines = words.lines().filter(|line| !line.contains("://"));
    lines.flat_map(of_line).collect()
}

fn of_line(line: &str) -> Vec<String> {
    let characters: Vec<char> = line.chars().collect();
    let is_space =
        |place: Option<usize>| matches!(place.and_then(|at| characters.get(at)), Some('\u{a0}' | '\u{202f}'));
    let mut found = Vec::new();
    for (place, character) in characters.iter().enumerate() {
        let is_right = match character {
            ':' | ';' | '?' | '!' | '»' => is_space(place.checked_sub(1)),
            '«' => is_space(Some(place + 1)),
            _ => true,
        };
        if !is_right {
            let around = &characters[place.saturating_sub(12)..characters.len().min(place + 12)];
            found.push(around.iter().collect());
        }
    }
    found
}
