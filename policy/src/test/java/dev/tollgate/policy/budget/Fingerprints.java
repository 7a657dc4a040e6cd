package dev.tollgate.policy.budget;

import java.nio.ByteBuffer;

/**
 * A set of digests, by the first 127 bits of each: two of ten million different ones are alike with
 * a probability of 10^-25.
 */
final class Fingerprints {

    private static final int FIRST = 1 << 16;

    private long[] slots = new long[2 * FIRST];
    private int size;

    /** False: it was there. */
    boolean add(byte[] digest) {
        var buffer = ByteBuffer.wrap(digest);
        var high = buffer.getLong();
        var low = buffer.getLong() | 1; // zero is an empty slot
        if (!put(slots, high, low)) {
            return false;
        }
        size++;
        if (size * 3L > slots.length) { // two thirds full
            grow();
        }
        return true;
    }

    boolean contains(byte[] digest) {
        var buffer = ByteBuffer.wrap(digest);
        var high = buffer.getLong();
        var low = buffer.getLong() | 1;
        return slots[2 * slot(slots, high, low) + 1] != 0;
    }

    int size() {
        return size;
    }

    private void grow() {
        var larger = new long[2 * slots.length];
        for (var i = 0; i < slots.length; i += 2) {
            if (slots[i + 1] != 0) {
                put(larger, slots[i], slots[i + 1]);
            }
        }
        slots = larger;
    }

    private static boolean put(long[] slots, long high, long low) {
        var i = slot(slots, high, low);
        if (slots[2 * i + 1] != 0) {
            return false;
        }
        slots[2 * i] = high;
        slots[2 * i + 1] = low;
        return true;
    }

    /** Where it is, or where it may be put. */
    private static int slot(long[] slots, long high, long low) {
        var mask = slots.length / 2 - 1;
        var i = (int) high & mask;
        while (slots[2 * i + 1] != 0 && (slots[2 * i] != high || slots[2 * i + 1] != low)) {
            i = (i + 1) & mask;
        }
        return i;
    }
}
