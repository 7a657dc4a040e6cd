package dev.tollgate.dialects.scan;

import dev.tollgate.dialects.RequestScan.Span;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A form (RFC 7578) read in place: the fields that decide model and price, while files are passed
 * over. It is strict where servers differ, so that the provider cannot read another model than the
 * gateway did: lines end with CRLF, the boundary stands nowhere else, each part says its name once
 * and plainly, and a field that counts is there once.
 */
final class Multipart {
    private static final int MAX_PARTS = 128;
    private static final int MAX_HEAD_BYTES = 4 * 1024;
    private static final int MAX_VALUE_BYTES = 512;
    private static final int MAX_CHOICES = 128;

    private static final String CHARSET = "(?:\\s*;\\s*charset=[\\w-]{1,32})?";

    /** The name of a header: no space before the colon, no folded line. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9-]+");

    private static final Pattern SUBSCRIPT = Pattern.compile("\\[.*");

    private static final Pattern BOUNDARY =
            Pattern.compile(
                    "multipart/form-data"
                            + CHARSET
                            + "\\s*;\\s*boundary=(?:\"([0-9A-Za-z'()+_,./:=?-]{1,70})\""
                            + "|([0-9A-Za-z'+_.-]{1,70}))"
                            + CHARSET
                            + "\\s*",
                    Pattern.CASE_INSENSITIVE);

    private static final Pattern DISPOSITION =
            Pattern.compile(
                    "form-data\\s*;\\s*name=\"([^\"\\\\%]{1,128})\"(\\s*;\\s*filename=\"[^\"]*\")?"
                            + "(\\s*;\\s*filename\\*=[^;\"\\s]*)?\\s*",
                    Pattern.CASE_INSENSITIVE);

    private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/@-]{0,126}");

    private final byte[] body;
    private final byte[] delimiter;
    private final Tally tally;
    private final Map<String, Boolean> seen = new HashMap<>();

    private Multipart(byte[] body, byte[] delimiter, Tally tally) {
        this.body = body;
        this.delimiter = delimiter;
        this.tally = tally;
    }

    static void read(byte[] body, @Nullable String contentType, Tally tally) throws MalformedBody {
        var matcher = BOUNDARY.matcher(contentType == null ? "" : contentType.strip());
        if (!matcher.matches()) {
            throw new MalformedBody(
                    "content-type: "
                            + contentType
                            + " (expected: multipart/form-data with one"
                            + " boundary)",
                    null);
        }
        var boundary = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
        var delimiter = ("--" + boundary).getBytes(StandardCharsets.US_ASCII);
        new Multipart(body, delimiter, tally).parts();
    }

    private void parts() throws MalformedBody {
        var places = delimiters();
        if (places.size() < 2 || places.getFirst() != 0) {
            throw broken("it does not begin and end with its boundary");
        }
        for (int i = 0; i < places.size(); i++) {
            int behind = places.get(i) + delimiter.length;
            boolean last = i == places.size() - 1;
            if (last) {
                boolean closed = at(behind, "--") && onlyLineEnds(behind + 2);
                if (!closed) {
                    throw broken("its last boundary does not close it");
                }
            } else if (!at(behind, "\r\n")) {
                throw broken("a boundary does not end its line");
            } else {
                part(behind + 2, places.get(i + 1) - 2);
            }
        }
    }

    /** Every place of the boundary: behind the first each stands at the beginning of a line. */
    private List<Integer> delimiters() throws MalformedBody {
        var places = new ArrayList<Integer>();
        for (int at = find(0); at >= 0; at = find(at + delimiter.length)) {
            if (at > 0 && (at < 2 || !at(at - 2, "\r\n"))) {
                throw broken("its boundary stands within a line");
            }
            places.add(at);
            if (places.size() > MAX_PARTS + 1) {
                throw broken("it has more than " + MAX_PARTS + " parts");
            }
        }
        return places;
    }

    private int find(int from) {
        int last = body.length - delimiter.length;
        for (int i = from; i <= last; i++) {
            if (body[i] == '-' && startsWith(i)) {
                return i;
            }
        }
        return -1;
    }

    private boolean startsWith(int at) {
        for (int i = 0; i < delimiter.length; i++) {
            if (body[at + i] != delimiter[i]) {
                return false;
            }
        }
        return true;
    }

    private void part(int from, int to) throws MalformedBody {
        int headEnd = from;
        while (!at(headEnd, "\r\n\r\n")) {
            headEnd++;
            if (headEnd + 4 > to || headEnd - from > MAX_HEAD_BYTES) {
                throw broken("a part's head does not end");
            }
        }
        var head = new String(body, from, headEnd - from, StandardCharsets.UTF_8);
        @Nullable String disposition = null;
        boolean encoded = false;
        for (var line : head.split("\r\n", -1)) {
            int colon = line.indexOf(':');
            if (colon < 1 || !TOKEN.matcher(line.substring(0, colon)).matches()) {
                throw broken("a part's head cannot be read");
            }
            var name = line.substring(0, colon).toLowerCase(Locale.ROOT);
            if (name.equals("content-disposition")) {
                if (disposition != null) {
                    throw broken("a part has two dispositions");
                }
                disposition = line.substring(colon + 1).strip();
            }
            encoded |= name.equals("content-transfer-encoding");
        }
        var matcher = DISPOSITION.matcher(disposition == null ? "" : disposition);
        if (!matcher.matches()) {
            throw broken("a part does not say its name once and plainly");
        }
        boolean file = matcher.group(2) != null || matcher.group(3) != null;
        field(matcher.group(1), headEnd + 4, to, file || encoded);
    }

    private void field(String name, int from, int to, boolean unfit) throws MalformedBody {
        var folded = SUBSCRIPT.matcher(name.strip().toLowerCase(Locale.ROOT)).replaceAll("");
        boolean counts = folded.equals("model") || folded.equals("n") || folded.equals("stream");
        if (!counts) {
            return;
        }
        if (!folded.equals(name) || unfit || seen.put(name, true) != null) {
            throw new MalformedBody(
                    "`" + name + "` is not one plain field (expected: `" + folded + "` once)",
                    folded);
        }
        var value =
                to - from > MAX_VALUE_BYTES
                        ? ""
                        : new String(body, from, to - from, StandardCharsets.UTF_8);
        switch (name) {
            case "model" -> {
                if (!MODEL.matcher(value).matches()) {
                    throw new MalformedBody("`model` is no name of a model", "model");
                }
                tally.model = value;
                tally.modelPlace = new Span(from, to);
            }
            case "n" -> {
                if (!value.matches("[0-9]{1,3}")
                        || Integer.parseInt(value) < 1
                        || Integer.parseInt(value) > MAX_CHOICES) {
                    throw new MalformedBody(
                            "`n` is out of range (expected: 1 to " + MAX_CHOICES + ")", "n");
                }
                tally.choices = Integer.parseInt(value);
            }
            default -> tally.stream = value.equalsIgnoreCase("true");
        }
    }

    private boolean at(int place, String ascii) {
        if (place < 0 || place + ascii.length() > body.length) {
            return false;
        }
        for (int i = 0; i < ascii.length(); i++) {
            if (body[place + i] != ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private boolean onlyLineEnds(int from) {
        for (int i = from; i < body.length; i++) {
            if (body[i] != '\r' && body[i] != '\n') {
                return false;
            }
        }
        return true;
    }

    private static MalformedBody broken(String why) {
        return new MalformedBody("the form cannot be read: " + why, null);
    }
}
