package dev.tollgate.operator;

import dev.tollgate.crds.loopback.FreePort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A TCP relay on loopback that can be taken away, and that can go silent with all connections up.
 */
final class Relay implements AutoCloseable {

    private final int target;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Object gate = new Object();
    private boolean silent;
    private @Nullable ServerSocket server;

    Relay(int target) throws IOException {
        this.target = target;
        var first = new ServerSocket(FreePort.next(), 50, InetAddress.getLoopbackAddress());
        this.port = first.getLocalPort();
        accept(first);
    }

    int port() {
        return port;
    }

    private void accept(ServerSocket listening) {
        server = listening;
        Thread.startVirtualThread(
                () -> {
                    while (!listening.isClosed()) {
                        try {
                            join(listening, listening.accept());
                        } catch (IOException e) {
                            return; // taken away
                        }
                    }
                });
    }

    private void join(ServerSocket listening, Socket near) throws IOException {
        var far = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(near);
        sockets.add(far);
        if (listening.isClosed()) { // taken away meanwhile, without these
            near.close();
            far.close();
        }
        Thread.startVirtualThread(() -> pump(near, far));
        Thread.startVirtualThread(() -> pump(far, near));
    }

    private void pump(Socket from, Socket to) {
        var buffer = new byte[64 * 1024];
        try (from;
                to) {
            var in = from.getInputStream();
            var out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                awaitVoice();
                out.write(buffer, 0, read);
                out.flush();
            }
        } catch (IOException e) {
            // the other side sees it too
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    private void awaitVoice() throws InterruptedException {
        synchronized (gate) {
            while (silent) {
                gate.wait();
            }
        }
    }

    /** Connections break, new ones are refused. */
    void away() throws IOException {
        var listening = server;
        if (listening != null) {
            listening.close();
        }
        for (var socket : sockets) {
            socket.close();
        }
    }

    void back() {
        try {
            var again = new ServerSocket();
            again.setReuseAddress(true);
            again.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            accept(again);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Connections stay and carry nothing, as those of a process that is stopped. */
    void silent(boolean now) {
        synchronized (gate) {
            silent = now;
            gate.notifyAll();
        }
    }

    @Override
    public void close() throws IOException {
        silent(false);
        away();
    }
}
