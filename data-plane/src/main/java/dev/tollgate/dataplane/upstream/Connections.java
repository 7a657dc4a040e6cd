package dev.tollgate.dataplane.upstream;

import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/** Ends connections whose other side does not read. */
public final class Connections {

    private Connections() {}

    /**
     * Closes a connection at once, with all that is not sent yet. Vert.x's own close comes only
     * when everything that was written is flushed: a peer that reads nothing would keep connection
     * and buffers for as long as it likes. Call it on the connection's event loop.
     */
    public static void cut(HttpConnection connection) {
        if (connection instanceof ConnectionBase base) {
            // from this context on: Vert.x's own handler, which waits, comes before it
            base.channelHandlerContext().close();
        } else {
            connection.close();
        }
    }
}
