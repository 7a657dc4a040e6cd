package dev.tollgate.dataplane.telemetry;

import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Who a span belongs to, as W3C Trace Context writes it.
 *
 * @param traceId 32 lower-case hex digits, not all zero
 * @param spanId 16 of them
 */
public record TraceIds(String traceId, String spanId, boolean sampled) {

    private static final int LENGTH = 55;
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    /** A new trace. */
    static TraceIds fresh() {
        return new TraceIds(hex(2), hex(1), false);
    }

    /**
     * A new span of the client's trace, or of a new one.
     *
     * @param traceparent the client's header, null if it sent none
     */
    public static TraceIds next(@Nullable String traceparent) {
        var parent = parse(traceparent);
        return parent == null ? fresh() : parent.child();
    }

    /** A new span of the same trace. */
    private TraceIds child() {
        return new TraceIds(traceId, hex(1), sampled);
    }

    /** Null for what is no {@code traceparent}: it is then ignored, as the standard asks. */
    static @Nullable TraceIds parse(@Nullable String traceparent) {
        if (traceparent == null || traceparent.length() < LENGTH) {
            return null;
        }
        boolean shape =
                traceparent.charAt(2) == '-'
                        && traceparent.charAt(35) == '-'
                        && traceparent.charAt(52) == '-'
                        && isHex(traceparent, 0, 2)
                        && isHex(traceparent, 3, 35)
                        && isHex(traceparent, 36, 52)
                        && isHex(traceparent, 53, 55)
                        && !traceparent.startsWith("ff");
        boolean length =
                traceparent.length() == LENGTH
                        || !traceparent.startsWith("00") && traceparent.charAt(LENGTH) == '-';
        if (!shape || !length || isZero(traceparent, 3, 35) || isZero(traceparent, 36, 52)) {
            return null;
        }
        int flags = Character.digit(traceparent.charAt(54), 16);
        return new TraceIds(
                traceparent.substring(3, 35), traceparent.substring(36, 52), (flags & 1) == 1);
    }

    /** The value of the header. */
    public String traceparent() {
        return "00-" + traceId + "-" + spanId + (sampled ? "-01" : "-00");
    }

    private static String hex(int longs) {
        var digits = new char[longs * 16];
        var random = ThreadLocalRandom.current();
        for (int i = 0; i < longs; i++) {
            long bits = random.nextLong();
            while (bits == 0) {
                bits = random.nextLong();
            }
            for (int d = 0; d < 16; d++) {
                digits[i * 16 + d] = HEX[(int) (bits >>> (60 - 4 * d)) & 15];
            }
        }
        return new String(digits);
    }

    private static boolean isHex(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (!(c >= '0' && c <= '9' || c >= 'a' && c <= 'f')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isZero(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) != '0') {
                return false;
            }
        }
        return true;
    }
}
