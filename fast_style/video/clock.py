"""The times of decoded frames."""


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
