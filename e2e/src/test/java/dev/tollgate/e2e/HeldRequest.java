package dev.tollgate.e2e;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A request over a connection of its own, of which the last byte is kept back: a client library
 * takes as long to open ten thousand of them as a proxy gives a body.
 */
final class HeldRequest implements AutoCloseable {

    /**
     * @param status of HTTP
     * @param headers their names in lower case
     * @param body whole or cut; reading it may throw
     */
    record Answer(int status, Map<String, String> headers, InputStream body) {}

    private final Socket socket = new Socket();
    private final URI uri;

    /**
     * Connects.
     *
     * @throws java.net.ConnectException nobody listens
     */
    HeldRequest(URI uri, Duration patience) throws IOException {
        this.uri = uri;
        int millis = Math.toIntExact(patience.toMillis());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(millis);
        socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), millis);
    }

    /** All but the last byte of the body. */
    void begin(String key, byte[] body) throws IOException {
        var head =
                """
                POST %s HTTP/1.1\r
                host: %s\r
                authorization: Bearer %s\r
                content-type: application/json\r
                content-length: %d\r
                connection: close\r
                \r
                """
                        .formatted(uri.getPath(), uri.getAuthority(), key, body.length)
                        .getBytes(StandardCharsets.US_ASCII);
        var most = new byte[head.length + body.length - 1];
        System.arraycopy(head, 0, most, 0, head.length);
        System.arraycopy(body, 0, most, head.length, body.length - 1);
        socket.getOutputStream().write(most);
    }

    /** The last byte; who reads the answer sees it if the connection is gone. */
    void end(byte last) {
        try {
            socket.getOutputStream().write(last);
        } catch (IOException gone) {
            // and so is the answer
        }
    }

    /** Waits for the answer's head. */
    Answer answer() throws IOException {
        var in = new BufferedInputStream(socket.getInputStream());
        int status = Integer.parseInt(line(in).split(" ", 3)[1]);
        var headers = new HashMap<String, String>();
        for (var line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        var length = headers.get("content-length");
        return new Answer(
                status,
                headers,
                length == null
                        ? new Chunks(in)
                        : new ByteArrayInputStream(whole(in, Integer.parseInt(length))));
    }

    private static byte[] whole(InputStream in, int length) throws IOException {
        var bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return bytes;
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException();
            }
            line.append((char) c);
        }
        return line.toString().stripTrailing();
    }

    /** A chunked body. */
    private static final class Chunks extends InputStream {

        private final InputStream in;
        private InputStream chunk = InputStream.nullInputStream();
        private boolean over;

        Chunks(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            int next = chunk.read();
            while (next < 0 && !over) {
                int length = Integer.parseInt(line(in), 16);
                over = length == 0;
                chunk = new ByteArrayInputStream(whole(in, length));
                line(in);
                next = chunk.read();
            }
            return next;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
