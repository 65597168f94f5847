//! Which sizes there are.

/// What happens to the shape of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// The whole image, within the box.
    #[default]
    Scale,
    /// The middle of the image, filling the box.
    Crop,
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThumbnailRequest {
    /// Pixels across.
    pub width: u64,
    /// Pixels down.
    pub height: u64,
    /// The shape.
    pub shape: Shape,
    /// Whether the thumbnail may move.
    pub animated: bool,
}

/// A size that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rung {
    pub width: u32,
    pub height: u32,
    pub shape: Shape,
    pub animated: bool,
}

/// Sides of square boxes, for avatars.
const SQUARES: [u32; 6] = [32, 64, 96, 128, 256, 512];

/// Boxes for pictures in a timeline.
const BOXES: [(u32, u32); 4] = [(320, 240), (640, 480), (800, 600), (1600, 1200)];

impl Rung {
    /// The smallest size that is not smaller than what is asked for, or the largest there is.
    pub fn of(request: ThumbnailRequest) -> Self {
        let fits = |(width, height): &(u32, u32)| {
            u64::from(*width) >= request.width && u64::from(*height) >= request.height
        };
        let squares = SQUARES.map(|side| (side, side));
        let is_square = request.width == request.height;
        let rungs: &[(u32, u32)] = match request.shape {
            Shape::Crop if is_square => &squares,
            Shape::Crop => &BOXES,
            // Nothing is cut away, so a small box of any shape is served by a square.
            Shape::Scale if is_square || squares[..3].iter().any(fits) => &squares,
            Shape::Scale => &BOXES,
        };
        let largest = match request.shape {
            Shape::Crop if is_square => squares[squares.len() - 1],
            Shape::Crop | Shape::Scale => BOXES[BOXES.len() - 1],
        };
        let found = rungs.iter().find(|rung| fits(rung));
        let boxes = BOXES.iter().filter(|_| request.shape == Shape::Scale).find(|rung| fits(rung));
        let (width, height) = found.or(boxes).copied().unwrap_or(largest);
        Self { width, height, shape: request.shape, animated: request.animated }
    }

    /// Shape and movement as one number, for the key of the table.
    pub fn number(&self) -> u8 {
        let shape = match self.shape {
            Shape::Scale => 0,
            Shape::Crop => 1,
        };
        shape + if self.animated { 2 } else { 0 }
    }

    /// The size that an image of these dimensions gets, and the part of it that is shown: (width,
    /// height), (left, top, width, height). None when the image already is that small.
    pub fn plan(&self, (width, height): (u32, u32)) -> Option<Plan> {
        let (width, height) = (width.max(1), height.max(1));
        if width <= self.width && height <= self.height {
            return None;
        }
        match self.shape {
            Shape::Scale => Some(Plan { size: self.scaled((width, height)), part: (0, 0, width, height) }),
            Shape::Crop => {
                let (across, down) = (u64::from(width), u64::from(height));
                let (box_across, box_down) = (u64::from(self.width), u64::from(self.height));
                // The largest middle part with the proportions of the box.
                let part_width = across.min(down * box_across / box_down).max(1);
                let part_height = down.min(across * box_down / box_across).max(1);
                let (left, top) = ((across - part_width) / 2, (down - part_height) / 2);
                let size = (box_across.min(part_width), box_down.min(part_height));
                let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
                Some(Plan {
                    size: (narrow(size.0), narrow(size.1)),
                    part: (narrow(left), narrow(top), narrow(part_width), narrow(part_height)),
                })
            }
        }
    }

    fn scaled(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let (across, down) = (u64::from(width), u64::from(height));
        let by_width = (u64::from(self.width), (down * u64::from(self.width) + across / 2) / across);
        let by_height = ((across * u64::from(self.height) + down / 2) / down, u64::from(self.height));
        let (new_width, new_height) = if by_width.1 <= u64::from(self.height) { by_width } else { by_height };
        let narrow = |number: u64, max: u32| u32::try_from(number).unwrap_or(max).clamp(1, max);
        (narrow(new_width, width), narrow(new_height, height))
    }
}

/// How an image becomes a thumbnail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Width and height of the thumbnail.
    pub size: (u32, u32),
    /// Left, top, width and height of the part that is shown.
    pub part: (u32, u32, u32, u32),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(width: u64, height: u64, shape: Shape) -> (u32, u32) {
        let rung = Rung::of(ThumbnailRequest { width, height, shape, animated: false });
        (rung.width, rung.height)
    }

    #[test]
    fn every_request_falls_on_a_rung_that_is_not_smaller() {
        let cases = [
            ((1, 1), Shape::Crop, (32, 32)),
            ((32, 32), Shape::Scale, (32, 32)),
            ((33, 33), Shape::Crop, (64, 64)),
            ((20, 30), Shape::Scale, (32, 32)),
            ((20, 30), Shape::Crop, (320, 240)),
            ((100, 300), Shape::Scale, (640, 480)),
            ((512, 512), Shape::Crop, (512, 512)),
            ((513, 513), Shape::Crop, (512, 512)),
            ((513, 513), Shape::Scale, (800, 600)),
            ((801, 10), Shape::Scale, (1600, 1200)),
            ((u64::MAX, 1), Shape::Scale, (1600, 1200)),
            ((u64::MAX, u64::MAX), Shape::Crop, (512, 512)),
            ((0, 0), Shape::Scale, (32, 32)),
        ];
        for ((width, height), shape, expected) in cases {
            assert_eq!(rung(width, height, shape), expected, "{width}x{height} {shape:?}");
        }
    }

    #[test]
    fn nothing_is_ever_made_larger() {
        for shape in [Shape::Scale, Shape::Crop] {
            let rung = Rung::of(ThumbnailRequest { width: 640, height: 480, shape, animated: false });
            assert_eq!(rung.plan((640, 480)), None);
            assert_eq!(rung.plan((1, 1)), None);
            for source in [(641, 1), (1, 10_000), (10_000, 1), (700, 300), (5000, 4000)] {
                let plan = rung.plan(source).unwrap();
                assert!(plan.size.0 >= 1 && plan.size.1 >= 1, "{source:?} {plan:?}");
                assert!(
                    plan.size.0 <= source.0.min(640) && plan.size.1 <= source.1.min(480),
                    "{source:?} {plan:?}"
                );
                assert!(plan.part.0 + plan.part.2 <= source.0, "{source:?} {plan:?}");
                assert!(plan.part.1 + plan.part.3 <= source.1, "{source:?} {plan:?}");
            }
        }
    }

    #[test]
    fn proportions_are_kept_or_cut() {
        let scale = Rung { width: 320, height: 240, shape: Shape::Scale, animated: false };
        assert_eq!(scale.plan((3200, 1200)).unwrap().size, (320, 120));
        assert_eq!(scale.plan((1200, 2400)).unwrap().size, (120, 240));
        let crop = Rung { width: 96, height: 96, shape: Shape::Crop, animated: false };
        let plan = crop.plan((400, 200)).unwrap();
        assert_eq!((plan.size, plan.part), ((96, 96), (100, 0, 200, 200)));
        let plan = crop.plan((400, 50)).unwrap();
        assert_eq!((plan.size, plan.part), ((50, 50), (175, 0, 50, 50)));
    }
}
