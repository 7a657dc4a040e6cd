package dev.tollgate.policy.snapshot;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * The last snapshot that the whole fleet acknowledged, with what it needs, in the form in which the
 * control plane keeps it and new proxies begin with it (api.md, S21): one gzipped document in up to
 * {@link #MAX_PARTS} parts, the first of which tells the count and the digest of all. It holds
 * secret values and prints none.
 *
 * @param revision {@code epoch.counter}; empty if the fleet has acknowledged nothing yet
 * @param snapshot canonical bytes; empty with an empty revision
 * @param credentials by {@code namespace/secret/key}
 * @param controlPlane what the control plane itself remembers, opaque to a proxy
 */
public record KeptRelease(
        String revision, byte[] snapshot, Map<String, byte[]> credentials, byte[] controlPlane) {

    public static final int MAX_PARTS = 4;
    public static final int MAX_PART_BYTES = 900 * 1024;
    private static final int MAX_DOCUMENT_BYTES = 256 * 1024 * 1024;

    private static final String MAGIC = "tollgate-lkg-1";
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Document(
            String revision,
            String digest,
            byte[] snapshot,
            TreeMap<String, byte[]> credentials,
            byte[] controlPlane) {}

    public KeptRelease {
        credentials = Map.copyOf(credentials);
    }

    /** The parts, in order; empty if they would be more than {@link #MAX_PARTS}. */
    public Optional<List<byte[]>> encode() {
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            JSON.writeValue(
                    gzip,
                    new Document(
                            revision,
                            SnapshotCodec.digest(snapshot),
                            snapshot,
                            new TreeMap<>(credentials),
                            controlPlane));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var body = packed.toByteArray();
        int longest = header(MAX_PARTS, body).length;
        int parts = Math.ceilDiv(body.length + longest, MAX_PART_BYTES);
        if (parts > MAX_PARTS) {
            return Optional.empty();
        }
        var whole = new ByteArrayOutputStream(body.length + longest);
        whole.writeBytes(header(parts, body));
        whole.writeBytes(body);
        var bytes = whole.toByteArray();
        var list = new ArrayList<byte[]>();
        for (int at = 0; at < bytes.length; at += MAX_PART_BYTES) {
            list.add(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + MAX_PART_BYTES)));
        }
        return Optional.of(list);
    }

    private static byte[] header(int parts, byte[] body) {
        return (MAGIC + " " + parts + " " + SnapshotCodec.digest(body) + "\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Puts the parts together again; those beyond the count in the first are ignored.
     *
     * @return empty if one is missing or of another document, or a digest does not hold
     */
    public static Optional<KeptRelease> decode(List<byte[]> parts) {
        var whole = new ByteArrayOutputStream();
        parts.stream().limit(MAX_PARTS).forEach(whole::writeBytes);
        var bytes = whole.toByteArray();
        int end = 0;
        while (end < bytes.length && end < 128 && bytes[end] != '\n') {
            end++;
        }
        var header = new String(bytes, 0, end, StandardCharsets.US_ASCII).split(" ");
        if (header.length != 3 || !header[0].equals(MAGIC) || !header[1].matches("[1-4]")) {
            return Optional.empty();
        }
        int count = Integer.parseInt(header[1]);
        if (parts.size() < count) {
            return Optional.empty();
        }
        int length = parts.stream().limit(count).mapToInt(p -> p.length).sum();
        var body = Arrays.copyOfRange(bytes, Math.min(end + 1, length), length);
        return SnapshotCodec.digest(body).equals(header[2]) ? unpack(body) : Optional.empty();
    }

    private static Optional<KeptRelease> unpack(byte[] body) {
        try (var gzip = new GZIPInputStream(new ByteArrayInputStream(body))) {
            var text = gzip.readNBytes(MAX_DOCUMENT_BYTES);
            var document = JSON.readValue(text, new TypeReference<Document>() {});
            return SnapshotCodec.digest(document.snapshot()).equals(document.digest())
                    ? Optional.of(
                            new KeptRelease(
                                    document.revision(),
                                    document.snapshot(),
                                    document.credentials(),
                                    document.controlPlane()))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return "KeptRelease[revision=" + revision + ", " + snapshot.length + " bytes, redacted]";
    }
}
