package dev.tollgate.crds.valkey;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Between a client and a server on loopback: loses requests and answers when told, and says for a
 * server that is older than 7.2 that it is not, and of what it has written that it is on its disk.
 */
public final class ValkeyRelay implements AutoCloseable {

    private final String host;
    private volatile int target;
    private final ServerSocket listener;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger answersToLose = new AtomicInteger();
    private final AtomicInteger requestsToLose = new AtomicInteger();
    private final AtomicInteger requestsToDouble = new AtomicInteger();
    private final AtomicInteger writeToRefuse = new AtomicInteger();
    private final boolean old;
    private volatile boolean neverDurable;
    private volatile boolean aged;
    private volatile boolean down;

    /** Before a server that needs no help. */
    public ValkeyRelay(String host, int target) throws IOException {
        this(host, target, false);
    }

    ValkeyRelay(int target) throws IOException {
        this("127.0.0.1", target, ValkeyProcess.isOlderThan72());
    }

    private ValkeyRelay(String host, int target, boolean old) throws IOException {
        this.host = host;
        this.target = target;
        this.old = old;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    public int port() {
        return listener.getLocalPort();
    }

    void redirect(int port) {
        target = port;
    }

    /** The server gets the next scripts that write an account; the client gets no answer. */
    public void loseAnswers(int count) {
        answersToLose.set(count);
    }

    /** The server does not get the next scripts that write an account; the client is cut off. */
    public void loseRequests(int count) {
        requestsToLose.set(count);
    }

    /** The server gets the next scripts that write an account twice, the client the last answer. */
    public void doubleRequests(int count) {
        requestsToDouble.set(count);
    }

    /** The server refuses one script that writes an account: the next is 1. */
    public void refuseWrite(int which) {
        writeToRefuse.set(which);
    }

    /** From now on, nothing that is written reaches the disk. */
    public void neverDurable(boolean never) {
        neverDurable = never;
    }

    /** The server says from now on that it is of version 7.0, and has no WAITAOF. */
    public void old() {
        aged = true;
    }

    /** Nobody is there, and all connections are cut. */
    public void down(boolean is) {
        down = is;
        if (is) {
            sockets.forEach(ValkeyRelay::close);
        }
    }

    private void accept() {
        try {
            while (true) {
                var client = listener.accept();
                sockets.add(client);
                if (down) {
                    close(client);
                } else {
                    Thread.ofVirtual().start(() -> serve(client));
                }
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket client) {
        try (client;
                var server = new Socket(host, target)) {
            sockets.add(server);
            var mute = new AtomicBoolean();
            Thread.ofVirtual().start(() -> answers(server, client, mute));
            var in = new BufferedInputStream(client.getInputStream());
            while (true) {
                request(command(in), server.getOutputStream(), mute);
            }
        } catch (IOException e) {
            // one of them has hung up, so does the other
        }
    }

    private void request(List<byte[]> command, OutputStream server, AtomicBoolean mute)
            throws IOException {
        boolean waits = text(command.getFirst()).toUpperCase(Locale.ROOT).equals("WAITAOF");
        boolean writes = command.size() > 1 && text(command.get(1)).contains("'conflict'");
        if (waits && (neverDurable || (old && !aged))) {
            var answer = neverDurable ? "return {0, 0}" : "return {1, 0}";
            server.write(encoded(List.of(bytes("EVAL"), bytes(answer), bytes("0"))));
        } else if (writes && take(writeToRefuse) && writeToRefuse.get() == 0) {
            var answer = "return redis.error_reply('OOM command not allowed')";
            server.write(encoded(List.of(bytes("EVAL"), bytes(answer), bytes("0"))));
        } else if (writes && take(requestsToLose)) {
            throw new EOFException("lost");
        } else if (writes && take(answersToLose)) {
            mute.set(true);
            server.write(encoded(command));
        } else if (writes && take(requestsToDouble)) {
            server.write(encoded(List.of(bytes("CLIENT"), bytes("REPLY"), bytes("SKIP"))));
            server.write(encoded(command));
            server.write(encoded(command));
        } else {
            server.write(encoded(command));
        }
        server.flush();
    }

    private static boolean take(AtomicInteger counter) {
        return counter.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
    }

    private void answers(Socket server, Socket client, AtomicBoolean mute) {
        try (server;
                client) {
            var in = server.getInputStream();
            var buffer = new byte[64 * 1024];
            for (int length = in.read(buffer); length >= 0 && !mute.get(); ) {
                client.getOutputStream().write(lent(buffer, length));
                length = in.read(buffer);
            }
        } catch (IOException e) {
            // one of them has hung up, so does the other
        }
    }

    /** Of the same length, as the length was told before. */
    private byte[] lent(byte[] buffer, int length) {
        if (!aged && !old) {
            return Arrays.copyOf(buffer, length);
        }
        return new String(buffer, 0, length, StandardCharsets.ISO_8859_1)
                .replaceFirst("redis_version:\\d\\.\\d", "redis_version:7." + (aged ? 0 : 2))
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    private static List<byte[]> command(InputStream in) throws IOException {
        int count = Integer.parseInt(line(in).substring(1));
        var command = new ArrayList<byte[]>();
        for (int i = 0; i < count; i++) {
            command.add(in.readNBytes(Integer.parseInt(line(in).substring(1))));
            in.skipNBytes(2);
        }
        return command;
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int next = in.read(); next != '\r'; next = in.read()) {
            if (next < 0) {
                throw new EOFException();
            }
            line.append((char) next);
        }
        in.skipNBytes(1);
        return line.toString();
    }

    private static byte[] encoded(List<byte[]> command) {
        var out = new ByteArrayOutputStream();
        out.writeBytes(bytes("*" + command.size() + "\r\n"));
        for (var part : command) {
            out.writeBytes(bytes("$" + part.length + "\r\n"));
            out.writeBytes(part);
            out.writeBytes(bytes("\r\n"));
        }
        return out.toByteArray();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        sockets.forEach(ValkeyRelay::close);
    }
}
