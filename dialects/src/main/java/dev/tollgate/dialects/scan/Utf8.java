package dev.tollgate.dialects.scan;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
final class Utf8 {
    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080808080808080L;

    private Utf8() {}

    /** The offset of the first byte that is no UTF-8, or -1 if all are. */
    static int firstInvalid(byte[] a) {
        int i = 0;
        int n = a.length;
        while (i < n) {
            if (i + Long.BYTES <= n && ((long) LONGS.get(a, i) & HIGH_BITS) == 0) {
                i += Long.BYTES;
                continue;
            }
            int length = a[i] >= 0 ? 1 : sequence(a, i, n);
            if (length == 0) {
                return i;
            }
            i += length;
        }
        return -1;
    }

    /** The length of the sequence of several bytes that starts here, 0 if it is invalid. */
    private static int sequence(byte[] a, int i, int n) {
        int first = a[i] & 0xFF;
        if (first < 0xC2 || first > 0xF4) {
            return 0;
        }
        int length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        if (i + length > n) {
            return 0;
        }
        int second = a[i + 1] & 0xFF;
        int least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
        int most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
        if (second < least || second > most) {
            return 0;
        }
        for (int k = i + 2; k < i + length; k++) {
            if ((a[k] & 0xC0) != 0x80) {
                return 0;
            }
        }
        return length;
    }
}
