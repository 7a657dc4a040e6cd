package dev.tollgate.policy.snapshot;

import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where a connection to a provider may go (api.md, P3; reliability.md, T2). Asked for the very
 * address that is connected to, on every connect, so that a name which resolves to something else
 * later gains nothing; and by the compiler of the addresses that are written out. Metadata services
 * are refused by every policy.
 */
public final class AddressRule {

    /** What an address is. */
    public enum Kind {
        PUBLIC,
        PRIVATE,
        LOOPBACK,
        METADATA,
        UNUSABLE
    }

    private record Range(int first, int bits, Kind kind) {
        boolean holds(int address) {
            return bits == 0 || (address ^ first) >>> (32 - bits) == 0;
        }
    }

    private static final Range[] V4 = {
        range(169, 254, 0, 0, 16, Kind.METADATA),
        range(168, 63, 129, 16, 32, Kind.METADATA),
        range(100, 100, 100, 200, 32, Kind.METADATA),
        range(127, 0, 0, 0, 8, Kind.LOOPBACK),
        range(10, 0, 0, 0, 8, Kind.PRIVATE),
        range(172, 16, 0, 0, 12, Kind.PRIVATE),
        range(192, 168, 0, 0, 16, Kind.PRIVATE),
        range(100, 64, 0, 0, 10, Kind.PRIVATE),
        range(0, 0, 0, 0, 8, Kind.UNUSABLE),
        range(192, 0, 0, 0, 24, Kind.UNUSABLE),
        range(192, 0, 2, 0, 24, Kind.UNUSABLE),
        range(192, 88, 99, 0, 24, Kind.UNUSABLE),
        range(198, 18, 0, 0, 15, Kind.UNUSABLE),
        range(198, 51, 100, 0, 24, Kind.UNUSABLE),
        range(203, 0, 113, 0, 24, Kind.UNUSABLE),
        range(224, 0, 0, 0, 3, Kind.UNUSABLE),
    };

    private static final byte[] AWS_METADATA_V6 = {
        (byte) 0xfd, 0, 0x0e, (byte) 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54
    };

    private AddressRule() {}

    /**
     * @param inCluster the address came from a reference to a Service, which may be private
     */
    public static boolean allows(EndpointPolicy policy, boolean inCluster, InetAddress address) {
        return switch (kind(address)) {
            case PUBLIC -> true;
            case PRIVATE -> inCluster || policy != EndpointPolicy.PUBLIC;
            case LOOPBACK -> policy == EndpointPolicy.ANY;
            case METADATA, UNUSABLE -> false;
        };
    }

    /** Plain http only to Services of the cluster, or where anything goes. */
    public static boolean allowsPlain(EndpointPolicy policy, boolean inCluster) {
        return inCluster || policy == EndpointPolicy.ANY;
    }

    public static Kind kind(InetAddress address) {
        var bytes = address.getAddress();
        return bytes.length == 4 ? kindV4(bytes, 0) : kindV6(bytes);
    }

    private static Kind kindV4(byte[] bytes, int offset) {
        int address = 0;
        for (int i = 0; i < 4; i++) {
            address = address << 8 | (bytes[offset + i] & 0xff);
        }
        for (var range : V4) {
            if (range.holds(address)) {
                return range.kind();
            }
        }
        return Kind.PUBLIC;
    }

    private static Kind kindV6(byte[] b) {
        if (Arrays.equals(b, AWS_METADATA_V6)) {
            return Kind.METADATA;
        }
        int first = (b[0] & 0xff) << 8 | (b[1] & 0xff);
        if (first == 0x0064 && (b[2] & 0xff) == 0xff && (b[3] & 0xff) == 0x9b) {
            // NAT64 reaches the IPv4 address inside; its local prefixes hide that elsewhere
            return isZero(b, 4, 12) ? kindV4(b, 12) : Kind.UNUSABLE;
        }
        if (first == 0x2002) {
            return kindV4(b, 2); // so does 6to4
        }
        if (isZero(b, 0, 10)) {
            return kindInLowestBlock(b);
        }
        if ((first & 0xfe00) == 0xfc00) {
            return Kind.PRIVATE;
        }
        if ((first & 0xffc0) == 0xfe80) {
            return Kind.METADATA; // link-local
        }
        boolean globalUnicast = (first & 0xe000) == 0x2000;
        boolean teredo = first == 0x2001 && b[2] == 0 && b[3] == 0;
        boolean documentation = first == 0x2001 && (b[2] & 0xff) == 0x0d && (b[3] & 0xff) == 0xb8;
        return globalUnicast && !teredo && !documentation ? Kind.PUBLIC : Kind.UNUSABLE;
    }

    private static Kind kindInLowestBlock(byte[] b) {
        boolean mapped = (b[10] & 0xff) == 0xff && (b[11] & 0xff) == 0xff;
        if (mapped) {
            return kindV4(b, 12);
        }
        boolean loopback = isZero(b, 10, 15) && b[15] == 1;
        return loopback ? Kind.LOOPBACK : Kind.UNUSABLE;
    }

    private static boolean isZero(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }

    private static Range range(int a, int b, int c, int d, int bits, Kind kind) {
        return new Range(a << 24 | b << 16 | c << 8 | d, bits, kind);
    }

    /** An address for a literal; null for a name. */
    public static @Nullable InetAddress literal(String host) {
        try {
            return InetAddress.ofLiteral(
                    host.startsWith("[") && host.endsWith("]")
                            ? host.substring(1, host.length() - 1)
                            : host);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
