package dev.tollgate.dataplane.control;

import com.google.protobuf.ByteString;
import dev.tollgate.policy.push.Chunk;
import dev.tollgate.policy.push.Revision;
import dev.tollgate.policy.push.SnapshotHead;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/** Puts one snapshot together from its chunks. */
final class SnapshotAssembly {

    /** The largest snapshot that is taken. */
    static final long MAX_SNAPSHOT_BYTES = 64L * 1024 * 1024;

    private final SnapshotHead head;
    private final ByteArrayOutputStream bytes;

    /** For a head whose bytes are at most {@link #MAX_SNAPSHOT_BYTES} and more than none. */
    SnapshotAssembly(SnapshotHead head) {
        this.head = head;
        this.bytes = new ByteArrayOutputStream((int) head.getBytes());
    }

    SnapshotHead head() {
        return head;
    }

    /** Whether the chunk belongs to this snapshot and fits. */
    boolean add(Chunk chunk) {
        Revision revision = chunk.getRevision();
        ByteString data = chunk.getData();
        if (!revision.equals(head.getRevision()) || bytes.size() + data.size() > head.getBytes()) {
            return false;
        }
        bytes.writeBytes(data.toByteArray());
        return true;
    }

    /** All bytes, once they are there. */
    byte @Nullable [] complete() {
        return bytes.size() == head.getBytes() ? bytes.toByteArray() : null;
    }
}
