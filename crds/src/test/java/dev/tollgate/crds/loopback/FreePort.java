package dev.tollgate.crds.loopback;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.random.RandomGenerator;

/**
 * A port for who binds it later, or again after a restart: below those that the kernel gives to
 * clients and to whoever asks for port 0, so that nobody gets it meanwhile.
 */
public final class FreePort {

    private static final int LOWEST = 20_000;
    private static final int HIGHEST = 32_000;
    private static final int TRIES = 1_000;

    private FreePort() {}

    /** On which nobody listens now; any thread. */
    public static int next() {
        var random = RandomGenerator.getDefault();
        for (int tries = 0; tries < TRIES; tries++) {
            int port = random.nextInt(LOWEST, HIGHEST);
            try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException taken) {
                // the next one
            }
        }
        throw new IllegalStateException("no free port");
    }
}
