# Speaks for a server that listens on a Unix socket: a child process that carries its standard input to the socket and
# the socket to its standard output. Each direction ends by itself, and its end is passed on.
use strict;
use warnings;
use Socket;

$SIG{PIPE} = 'IGNORE';
socket(my $peer, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
connect($peer, pack_sockaddr_un($ARGV[0])) or die "$ARGV[0]: $!";

sub carry {
    my ($from, $to) = @_;
    while (sysread($from, my $bytes, 65536)) {
        for (my $sent = 0; $sent < length $bytes; ) {
            my $count = syswrite($to, $bytes, length($bytes) - $sent, $sent);
            return 0 unless defined $count;
            $sent += $count;
        }
    }
    return 1;
}

my $upward = fork() // die "fork: $!";
if ($upward == 0) {
    # It outlives the other direction, so that what the client said last arrives.
    close STDOUT;
    close STDERR;
    carry(*STDIN, $peer);
    shutdown($peer, 1);
    exit 0;
}

close STDIN;
exit 0 unless carry($peer, *STDOUT);
# Sending nothing tells an end from half an end: the kernel refuses it if nobody reads any more.
my $whole = !defined send($peer, '', 0);
# A socket has more than one holder here, and knows its end only by this; a pipe has none, and does not need it.
shutdown(STDOUT, $whole ? 2 : 1);
close STDOUT;
waitpid($upward, 0) unless $whole;
