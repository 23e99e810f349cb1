"""Certificates for tests: a CA, a server, a client and a second CA that signed nothing.

Made afresh with the openssl command for each run, so nothing expires in the repository and no
private key is stored in it.
"""

import collections
import os
import subprocess

CLIENT_EMAIL = "client@interop.test"
Made = collections.namedtuple(
    "Made", "ca ca_key server_cert server_key client_cert client_key other_ca")


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")


def authority(directory, name):
    key, cert = (os.path.join(directory, f"{name}.{kind}") for kind in ("key", "pem"))
    _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", key, "-out", cert, "-days", "2", "-subj", f"/O=Interop/CN={name}",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    return cert, key


def sign(directory, name, ca, ca_key, extensions):
    key, request, cert, extension_file = (
        os.path.join(directory, f"{name}.{kind}") for kind in ("key", "csr", "pem", "ext"))
    with open(extension_file, "w", encoding="ascii") as out:
        out.write("basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n" + extensions)
    _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", key, "-out", request, "-subj", f"/O=Interop/CN={name}")
    _openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
             "-out", cert, "-days", "2", "-extfile", extension_file)
    return cert, key


def make(directory):
    ca, ca_key = authority(directory, "ca")
    other_ca, _ = authority(directory, "other-ca")
    server_cert, server_key = sign(
        directory, "server", ca, ca_key,
        "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n")
    client_cert, client_key = sign(
        directory, "client", ca, ca_key,
        f"extendedKeyUsage=clientAuth\nsubjectAltName=email:{CLIENT_EMAIL}\n")
    return Made(ca, ca_key, server_cert, server_key, client_cert, client_key, other_ca)
