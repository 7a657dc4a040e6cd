package dev.tollgate.dataplane.exchange;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;

/** Buffers to arrays and back, without a copy where the buffer is just an array. */
final class Bytes {
    private Bytes() {}

    /** The array is not changed afterwards. */
    static Buffer wrap(byte[] bytes) {
        return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes));
    }

    /** The caller does not change the array. */
    static byte[] of(Buffer buffer) {
        if (buffer instanceof BufferInternal internal) {
            var bytes = internal.getByteBuf();
            if (bytes.hasArray()
                    && bytes.arrayOffset() == 0
                    && bytes.readerIndex() == 0
                    && bytes.readableBytes() == bytes.array().length) {
                return bytes.array();
            }
        }
        return buffer.getBytes();
    }
}
