package dev.tollgate.operator.trust;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes X.509 certificates with ECDSA P-256 keys. */
final class Certificates {

    private static final Duration SKEW = Duration.ofMinutes(5);
    private static final SecureRandom RANDOM = new SecureRandom();

    private Certificates() {}

    /** A certificate and its key, PEM both. */
    record Pair(String certificate, String key) {

        @Override
        public String toString() {
            return "Pair[redacted]";
        }

        X509Certificate x509() {
            return read(certificate);
        }

        /** When it ends. */
        Instant until() {
            return x509().getNotAfter().toInstant();
        }
    }

    /** What a leaf is for. */
    enum Use {
        SERVER,
        CLIENT
    }

    static Pair authority(String name, Instant now, Duration life) {
        try {
            var keys = keys();
            var subject = new X500Principal("CN=" + name);
            var builder =
                    new JcaX509v3CertificateBuilder(
                            subject,
                            serial(),
                            from(now),
                            until(now, life),
                            subject,
                            keys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            return new Pair(pem(builder, keys.getPrivate()), pem(keys.getPrivate()));
        } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
            throw new IllegalStateException("a certificate authority cannot be made", e);
        }
    }

    /**
     * @param names DNS names and IP addresses of a server; empty for a client
     */
    static Pair leaf(
            Pair authority, String name, Use use, List<String> names, Instant now, Duration life) {
        try {
            var keys = keys();
            var builder =
                    new JcaX509v3CertificateBuilder(
                            authority.x509().getSubjectX500Principal(),
                            serial(),
                            from(now),
                            until(now, life),
                            new X500Principal("CN=" + name),
                            keys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage,
                    false,
                    new ExtendedKeyUsage(
                            switch (use) {
                                case SERVER -> KeyPurposeId.id_kp_serverAuth;
                                case CLIENT -> KeyPurposeId.id_kp_clientAuth;
                            }));
            if (!names.isEmpty()) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(
                                names.stream()
                                        .distinct()
                                        .map(Certificates::generalName)
                                        .toArray(GeneralName[]::new)));
            }
            return new Pair(pem(builder, key(authority.key())), pem(keys.getPrivate()));
        } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
            throw new IllegalStateException("a certificate for " + name + " cannot be made", e);
        }
    }

    private static GeneralName generalName(String name) {
        boolean address = name.matches("[0-9.]+") || name.indexOf(':') >= 0;
        return new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, name);
    }

    private static KeyPair keys() throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
        return generator.generateKeyPair();
    }

    private static BigInteger serial() {
        return new BigInteger(127, RANDOM).add(BigInteger.ONE);
    }

    private static Date from(Instant now) {
        return Date.from(now.minus(SKEW));
    }

    private static Date until(Instant now, Duration life) {
        return Date.from(now.plus(life));
    }

    private static String pem(JcaX509v3CertificateBuilder builder, PrivateKey signer)
            throws OperatorCreationException, IOException {
        var holder = builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer));
        return pem("CERTIFICATE", holder.getEncoded());
    }

    private static String pem(PrivateKey key) {
        return pem("PRIVATE KEY", key.getEncoded());
    }

    private static String pem(String type, byte[] der) {
        var body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n";
    }

    private static PrivateKey key(String pem) throws GeneralSecurityException {
        var body = pem.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
        return KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
    }

    /**
     * @throws IllegalArgumentException it is no certificate
     */
    static X509Certificate read(String pem) {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509")
                            .generateCertificate(
                                    new ByteArrayInputStream(
                                            pem.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("not a certificate", e);
        }
    }
}
