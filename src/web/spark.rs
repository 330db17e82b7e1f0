//! A line of numbers as a small picture, in SVG that needs no script and no style of its own.
//! Knows nothing of what the numbers are.

/// How high a picture is, in its own units; it is as wide as there are numbers.
const HEIGHT: f64 = 20.0;

/// The picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spark {
    /// How wide it is.
    pub width: usize,
    /// The points of the line.
    pub line: String,
    /// Those of what is below it.
    pub area: String,
}

impl Spark {
    /// Of these, oldest first; the largest is as high as `most`, if that is more.
    pub fn new(numbers: &[u64], most: u64) -> Spark {
        let most = numbers.iter().copied().max().unwrap_or_default().max(most).max(1);
        let point = |(at, number): (usize, &u64)| {
            // A line at the very border would be cut in half.
            let y = HEIGHT - 1.0 - (HEIGHT - 2.0) * (*number as f64 / most as f64);
            format!("{at},{y:.1}")
        };
        let points: Vec<String> = numbers.iter().enumerate().map(point).collect();
        let width = numbers.len().saturating_sub(1).max(1);
        let line = points.join(" ");
        let area = format!("0,{HEIGHT} {line} {width},{HEIGHT}");
        Spark { width, line, area }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_on_top_and_nothing_at_the_bottom() {
        let spark = Spark::new(&[0, 5, 10], 0);
        assert_eq!((spark.width, spark.line.as_str()), (2, "0,19.0 1,10.0 2,1.0"));
        assert_eq!(spark.area, "0,20 0,19.0 1,10.0 2,1.0 2,20");
        assert_eq!(Spark::new(&[5], 10).line, "0,10.0");
    }

    #[test]
    fn nothing_and_too_much_are_pictures_as_well() {
        assert_eq!(Spark::new(&[], 0).width, 1);
        assert_eq!(Spark::new(&[0, 0], 0).line, "0,19.0 1,19.0");
        assert_eq!(Spark::new(&[u64::MAX, 0], 0).line, "0,1.0 1,19.0");
    }
}
