package dev.tollgate.simulator;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What a bare socket sees of one answer: the bytes, the HTTP chunks, and how it ended. */
record RawExchange(String head, byte[] body, End end) {
    private static final int TIMEOUT_MS = 20_000;

    enum End {
        FIN,
        RST
    }

    /** Opens a connection and sends a request; the answer is not read yet. */
    static Socket send(Simulator simulator, String path, String body) throws IOException {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        var socket = new Socket("127.0.0.1", simulator.port());
        socket.setSoTimeout(TIMEOUT_MS);
        var head =
                "POST %s HTTP/1.1\r\nhost: sim\r\nauthorization: Bearer %s\r\nanthropic-version: x\r\n"
                        + "connection: close\r\ncontent-length: %d\r\n\r\n";
        socket.getOutputStream()
                .write(
                        head.formatted(path, RunningSimulators.KEY, bytes.length)
                                .getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
        return socket;
    }

    static RawExchange of(Simulator simulator, String path, String body) throws IOException {
        try (var socket = send(simulator, path, body)) {
            return read(socket);
        }
    }

    static RawExchange read(Socket socket) throws IOException {
        var all = new ByteArrayOutputStream();
        var end = End.FIN;
        try {
            socket.getInputStream().transferTo(all);
        } catch (SocketException reset) {
            end = End.RST;
        }
        var bytes = all.toByteArray();
        var text = new String(bytes, StandardCharsets.ISO_8859_1);
        var split = text.indexOf("\r\n\r\n");
        if (split < 0) {
            return new RawExchange(text, new byte[0], end);
        }
        return new RawExchange(
                text.substring(0, split),
                text.substring(split + 4).getBytes(StandardCharsets.ISO_8859_1),
                end);
    }

    /** The HTTP chunks; the last one is empty if the body was ended properly. */
    List<byte[]> chunks() {
        var text = new String(body, StandardCharsets.ISO_8859_1);
        var list = new ArrayList<byte[]>();
        var at = 0;
        while (at < text.length()) {
            var line = text.indexOf("\r\n", at);
            var size = Integer.parseInt(text.substring(at, line), 16);
            list.add(
                    text.substring(line + 2, line + 2 + size)
                            .getBytes(StandardCharsets.ISO_8859_1));
            at = line + 2 + size + 2;
        }
        return list;
    }

    boolean endedProperly() {
        return !chunks().isEmpty() && chunks().getLast().length == 0;
    }

    String text() {
        var out = new ByteArrayOutputStream();
        chunks().forEach(out::writeBytes);
        return out.toString(StandardCharsets.UTF_8);
    }
}
