package dev.tollgate.operator.compile;

import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.policy.snapshot.IssuerEntry;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the compile reads: caches that are complete, from any thread. */
public interface Sources {

    Resources resources();

    /** Of the cluster, unless its keys could not be read yet, and external ones. */
    List<IssuerEntry> issuers();

    /** Names of external issuers whose keys could not be read yet. */
    Set<String> unreadIssuers();

    /** The value behind {@code namespace/secret/key}, if the Secret and the key exist. */
    Optional<Bytes> secret(String reference);
}
