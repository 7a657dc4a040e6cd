package dev.tollgate.dialects.same;

import dev.tollgate.dialects.RequestScan.Span;
import dev.tollgate.dialects.json.JsonText;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/** Edits of some bytes, all named by their place in the original; every other byte stays. */
public final class Splice {
    private record Edit(int from, int to, byte[] with) {}

    private final List<Edit> edits = new ArrayList<>(4);

    public void replace(Span place, byte[] with) {
        edits.add(new Edit(place.from(), place.to(), with));
    }

    public void insert(int at, String with) {
        edits.add(new Edit(at, at, with.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Leaves out some of the members of an object, or of the elements of an array, with the commas
     * that stood between them and the others.
     *
     * @param places of all of them, in order
     */
    public void leaveOut(List<Span> places, BitSet gone) {
        int from = gone.nextSetBit(0);
        while (from >= 0) {
            int next = gone.nextClearBit(from);
            if (next < places.size()) {
                cut(places.get(from).from(), places.get(next).from());
            } else {
                int start = from == 0 ? places.getFirst().from() : places.get(from - 1).to();
                cut(start, places.getLast().to());
            }
            from = gone.nextSetBit(next);
        }
    }

    private void cut(int from, int to) {
        replace(new Span(from, to), new byte[0]);
    }

    /** The same array if there is no edit. */
    public byte[] apply(byte[] original) {
        return apply(original, 0, original.length);
    }

    /** The range with its edits; the array itself if the range is all of it and nothing changes. */
    byte[] apply(byte[] original, int from, int to) {
        if (edits.isEmpty() && from == 0 && to == original.length) {
            return original;
        }
        edits.sort(Comparator.comparingInt(Edit::from));
        var out = new ByteArrayOutputStream(to - from + 64 * edits.size());
        int at = from;
        for (var edit : edits) {
            if (edit.from < at || edit.to > to) {
                throw new IllegalStateException(
                        "edit: "
                                + edit.from
                                + " to "
                                + edit.to
                                + " (expected: within "
                                + at
                                + " to "
                                + to
                                + ")");
            }
            out.write(original, at, edit.from - at);
            out.writeBytes(edit.with);
            at = edit.to;
        }
        out.write(original, at, to - at);
        return out.toByteArray();
    }

    /** A JSON string, quotes included. */
    public static byte[] quoted(String text) {
        return JsonText.quoted(text);
    }
}
