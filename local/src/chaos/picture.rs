//! A picture of the backlog over time, as SVG.

use std::fmt::Write as _;
use std::time::Duration;

/// A failure that lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Of the Pusher server.
    Frozen,
    /// Of the Pusher server.
    Gone,
    /// Posts to WebSockets are late.
    Held,
    /// API Gateway refuses posts to WebSockets.
    Refused,
    Throttled,
    Disturbed,
    /// S3 refuses requests, and answers late.
    FilesFailing,
}

impl Trouble {
    const ALL: [Self; 7] =
        [Self::Frozen, Self::Gone, Self::Held, Self::Refused, Self::Throttled, Self::Disturbed, Self::FilesFailing];

    fn name(self) -> &'static str {
        match self {
            Self::Frozen => "Pusher frozen",
            Self::Gone => "Pusher gone",
            Self::Held => "posts late",
            Self::Refused => "posts refused",
            Self::Throttled => "AWS throttled",
            Self::Disturbed => "stream disturbed",
            Self::FilesFailing => "S3 failing",
        }
    }

    fn color(self) -> &'static str {
        match self {
            Self::Frozen | Self::Held => "#9ecae1",
            Self::Gone | Self::Refused => "#fdae6b",
            Self::Throttled => "#c7b9e2",
            Self::Disturbed => "#a1d99b",
            Self::FilesFailing => "#fcbba1",
        }
    }
}

/// A time of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spell {
    pub(super) trouble: Trouble,
    pub(super) from: Duration,
    pub(super) to: Duration,
}

/// The content of the picture.
pub(super) struct Picture<'a> {
    pub(super) title: String,
    /// How many events were undelivered from each moment on.
    pub(super) backlog: &'a [(Duration, i64)],
    pub(super) spells: &'a [Spell],
    /// When a function's process was killed.
    pub(super) kills: &'a [Duration],
    /// When the load ended.
    pub(super) load_end: Duration,
    pub(super) end: Duration,
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 60.0;
const RIGHT: f64 = WIDTH - 20.0;
const BOTTOM: f64 = HEIGHT - 50.0;
/// Height of the strips of the troubles of the table, the queues and S3, below those of channels.
const STRIP: f64 = 10.0;

impl Picture<'_> {
    /// The whole document.
    pub(super) fn svg(&self) -> String {
        let most = self.backlog.iter().map(|(_, waiting)| *waiting).max().unwrap_or_default().max(1);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"20\" font-size=\"14\">{}</text>\n",
            self.title
        );
        self.legend(&mut svg);
        self.spells(&mut svg);
        self.axes(&mut svg, most);
        let line = self.points(most);
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"#1f3b73\" stroke-width=\"1.5\" points=\"{line}\"/>\n</svg>"
        );
        svg
    }

    fn x(&self, at: Duration) -> f64 {
        let whole = self.end.as_secs_f64().max(f64::EPSILON);
        LEFT + (RIGHT - LEFT) * (at.as_secs_f64() / whole).min(1.0)
    }

    /// A step at each change.
    fn points(&self, most: i64) -> String {
        let y = |waiting: i64| BOTTOM - (BOTTOM - TOP) * ratio(waiting, most);
        let mut points = format!("{:.1},{:.1}", self.x(Duration::ZERO), y(0));
        let mut last = 0;
        for &(at, waiting) in self.backlog {
            let x = self.x(at);
            let _ = write!(points, " {x:.1},{:.1} {x:.1},{:.1}", y(last), y(waiting));
            last = waiting;
        }
        let _ = write!(points, " {:.1},{:.1}", self.x(self.end), y(last));
        points
    }

    fn spells(&self, svg: &mut String) {
        for spell in self.spells {
            let (x, color) = (self.x(spell.from), spell.trouble.color());
            let width = self.x(spell.to) - x;
            let (y, height) = match spell.trouble {
                Trouble::Throttled => (BOTTOM - STRIP, STRIP),
                Trouble::Disturbed => (BOTTOM - 2.0 * STRIP, STRIP),
                Trouble::FilesFailing => (BOTTOM - 3.0 * STRIP, STRIP),
                Trouble::Frozen | Trouble::Gone | Trouble::Held | Trouble::Refused => (TOP, BOTTOM - TOP - 3.0 * STRIP),
            };
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{color}\" opacity=\"0.6\"/>"
            );
        }
        for &kill in self.kills {
            let x = self.x(kill);
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BOTTOM}\" y2=\"{:.1}\" stroke=\"#b2182b\"/>",
                BOTTOM + 5.0
            );
        }
    }

    fn axes(&self, svg: &mut String, most: i64) {
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\" fill=\"none\" stroke=\"#444\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{most}</text>\n\
             <text x=\"{:.1}\" y=\"{BOTTOM}\" text-anchor=\"end\">0</text>",
            LEFT - 6.0,
            TOP + 4.0,
            LEFT - 6.0,
        );
        let step = tick(self.end.as_secs());
        for second in (0..=self.end.as_secs()).step_by(step) {
            let x = self.x(Duration::from_secs(second));
            let _ =
                writeln!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{second} s</text>", BOTTOM + 20.0);
        }
        let x = self.x(self.load_end);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{BOTTOM}\" stroke=\"#444\" stroke-dasharray=\"4 3\"/>\n\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">last command</text>",
            BOTTOM + 38.0
        );
    }

    fn legend(&self, svg: &mut String) {
        let mut x = LEFT;
        let happened = |trouble: &Trouble| self.spells.iter().any(|spell| spell.trouble == *trouble);
        for trouble in Trouble::ALL.into_iter().filter(happened) {
            let (color, name) = (trouble.color(), trouble.name());
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"32\" width=\"14\" height=\"14\" fill=\"{color}\"/><text x=\"{:.1}\" y=\"44\">{name}</text>",
                x + 20.0
            );
            x += 140.0;
        }
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"34\" y2=\"44\" stroke=\"#b2182b\"/><text x=\"{:.1}\" y=\"44\">a function's \
             process killed ({})</text>",
            x + 8.0,
            self.kills.len()
        );
    }
}

/// Seconds between two ticks: at most a dozen of them.
fn tick(seconds: u64) -> usize {
    [1, 2, 5, 10, 20, 30, 60, 120, 300, 600]
        .into_iter()
        .find(|step| seconds / step <= 12)
        .map_or(1800, |step| usize::try_from(step).unwrap_or(usize::MAX))
}

fn ratio(part: i64, whole: i64) -> f64 {
    let number = |value: i64| f64::from(i32::try_from(value).unwrap_or(i32::MAX));
    number(part) / number(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_steps_from_change_to_change() {
        let second = Duration::from_secs;
        let picture = Picture {
            title: "a run".to_owned(),
            backlog: &[(second(5), 2), (second(10), 0)],
            spells: &[Spell { trouble: Trouble::Gone, from: second(4), to: second(8) }],
            kills: &[second(6)],
            load_end: second(8),
            end: second(10),
        };
        assert_eq!(picture.points(2), "60.0,350.0 500.0,350.0 500.0,60.0 940.0,60.0 940.0,350.0 940.0,350.0");
        let svg = picture.svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
        assert!(svg.contains("process killed (1)"), "{svg}");
    }

    #[test]
    fn nothing_at_all_can_be_drawn() {
        let (backlog, spells, kills, zero) = (&[], &[], &[], Duration::ZERO);
        let svg = Picture { title: String::new(), backlog, spells, kills, load_end: zero, end: zero }.svg();
        assert!(!svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn there_are_at_most_a_dozen_ticks() {
        assert_eq!([5, 30, 150, 3600].map(tick), [1, 5, 20, 300]);
    }
}
