from press.markup import Digest
def render(digest: Digest) -> bytes: raise NotImplementedError
