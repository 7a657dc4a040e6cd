package dev.tollgate.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A bare HTTP/1.1 connection: sends what no HTTP client would, and sees how a stream really ends.
 */
final class Raw implements AutoCloseable {

    private static final int TIMEOUT_MS = 60_000;
    private static final int NARROW_BYTES = 4 * 1024;

    private final Socket socket;

    private Raw(Socket socket) {
        this.socket = socket;
    }

    static Raw connect(int port) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIMEOUT_MS);
        return new Raw(socket);
    }

    /** The same; what it does not read soon waits in the gateway. */
    static Raw narrow(int port) throws IOException {
        var socket = new Socket();
        socket.setReceiveBufferSize(NARROW_BYTES);
        socket.setSoTimeout(TIMEOUT_MS);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MS);
        return new Raw(socket);
    }

    /** A POST of JSON with the client key, whole. */
    static Raw post(int port, String path, String body) throws IOException {
        return connect(port).post(path, body);
    }

    Raw post(String path, String body) throws IOException {
        send(head("POST", path, body.getBytes(StandardCharsets.UTF_8).length));
        send(body);
        return this;
    }

    static String head(String method, String path, long length, String... headers) {
        var text = new StringBuilder();
        text.append(method).append(' ').append(path).append(" HTTP/1.1\r\nhost: gateway\r\n");
        text.append("authorization: Bearer ").append(Standalone.KEY).append("\r\n");
        text.append("content-type: application/json\r\n");
        for (var header : headers) {
            text.append(header).append("\r\n");
        }
        if (length >= 0) {
            text.append("content-length: ").append(length).append("\r\n");
        }
        return text.append("\r\n").toString();
    }

    void send(String text) throws IOException {
        out().write(text.getBytes(StandardCharsets.UTF_8));
        out().flush();
    }

    OutputStream out() throws IOException {
        return socket.getOutputStream();
    }

    /** The status line and headers of the next answer, in lower case. */
    String readHead() throws IOException {
        var head = new ByteArrayOutputStream();
        var in = socket.getInputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                throw new IOException("the connection ended after: " + head);
            }
            head.write(b);
        }
        return head.toString(StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
    }

    static int status(String head) {
        return Integer.parseInt(head.substring("http/1.1 ".length(), "http/1.1 ".length() + 3));
    }

    /** The body of an answer with this head. */
    String readBody(String head) throws IOException {
        if (head.contains("transfer-encoding: chunked")) {
            return readChunks().text();
        }
        var at = head.indexOf("content-length: ");
        if (at < 0) {
            throw new IOException("no length: " + head);
        }
        int length = Integer.parseInt(head.substring(at + 16, head.indexOf("\r\n", at)).trim());
        return new String(socket.getInputStream().readNBytes(length), StandardCharsets.UTF_8);
    }

    /**
     * A chunked body.
     *
     * @param whole it ended with the last chunk, not by the end of the connection
     */
    record Body(String text, boolean whole) {}

    Body readChunks() throws IOException {
        var text = new ByteArrayOutputStream();
        var in = socket.getInputStream();
        try {
            while (true) {
                var line = readLine(in);
                if (line == null) {
                    return new Body(text.toString(StandardCharsets.UTF_8), false);
                }
                int size = Integer.parseInt(line.trim(), 16);
                var chunk = in.readNBytes(size);
                text.write(chunk);
                if (chunk.length < size) {
                    return new Body(text.toString(StandardCharsets.UTF_8), false);
                }
                readLine(in);
                if (size == 0) {
                    return new Body(text.toString(StandardCharsets.UTF_8), true);
                }
            }
        } catch (SocketException reset) {
            return new Body(text.toString(StandardCharsets.UTF_8), false);
        }
    }

    /** Reads until this much of a body has come. */
    void readAtLeast(int bytes) throws IOException {
        socket.getInputStream().readNBytes(bytes);
    }

    private static String readLine(InputStream in) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0; b = in.read()) {
            if (b == '\n') {
                return line.toString(StandardCharsets.US_ASCII);
            }
            line.write(b);
        }
        return null;
    }

    /** Closes with a RST, as a killed client's kernel may. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Sends nothing more, and would still read. */
    void halfClose() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
