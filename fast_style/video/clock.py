"""The times of frames, as decoders give them and encoders take them."""

from fractions import Fraction


class Clock:
    """The times of decoded frames, also where the film does not give them.

    An AVI file has none: FFmpeg fills in those of decoding, which jump back and forth where frames
    were encoded in another order than they are shown in.

    Args:
        container: FFmpeg's name of the container.
        stream: `av.VideoStream`.
        one_frame: int, how long a frame lasts that does not tell, in units of its time base.
    """

    def __init__(self, container, stream, one_frame):
        self._by_order = container == "avi"
        self._next = stream.start_time or 0
        self._one_frame = one_frame
        self._offset = None

    def time_of(self, frame):
        """When the next `av.VideoFrame` of the film is shown, int in units of its time base."""
        time = frame.dts if self._by_order else frame.pts
        if self._by_order and time is not None:
            if self._offset is None:
                self._offset = self._next - time
            time += self._offset
        time = self._next if time is None else time
        self._next = time + (frame.duration or self._one_frame)
        return time


class FrameNumbers:
    """Has an encoder count frames, and gives its packets the frames' own times.

    Encoders take the unit of time for the rate of the frames: some refuse a fine one, others write
    it into the film.

    Args:
        time_base: Fraction, seconds, the unit of the times.
        rate: Fraction, frames per second.

    Attributes:
        rate: `rate` in numbers that encoders take.
    """

    def __init__(self, time_base, rate):
        self.rate = Fraction(rate).limit_denominator(1001) or Fraction(1)
        self._time_base = time_base
        self._one_frame = max(round(1 / (self.rate * time_base)), 1)
        self._count = 0
        self._first = None
        self._times = {}  # number: (time, duration)

    def add(self, time, duration):
        """The number for the encoder of the next frame, shown at `time` for `duration` (ints)."""
        number, self._count = self._count, self._count + 1
        self._first = time if self._first is None else self._first
        self._times[number] = (time, duration)
        return number

    def restore(self, packet):
        """Changes the times of an encoded packet to those of its frame."""
        number, decoded = packet.pts, packet.dts
        if decoded is None or decoded > number:
            decoded = number
        packet.pts, packet.duration = self._times[number]
        # Frames are decoded in turn, each at the time of one that is shown; those decoded ahead
        # before the first one is shown, a frame's length apart.
        if decoded < 0:
            packet.dts = self._first + decoded * self._one_frame
        else:
            packet.dts = self._times[decoded][0]
        packet.time_base = self._time_base
        for done in [done for done in self._times if done < decoded]:
            del self._times[done]
